import type { INestApplicationContext } from '@nestjs/common';
import type { Pool } from 'pg';
import { JournalSealer } from '../../src/index.js';
import { until } from './until.js';

/**
 * Seals what was written until now, with one seal for each journal. Waits first for all older transactions, also in other
 * tests' databases: Postgres counts them together, and a sealer that did not wait would seal in two pieces.
 */
export async function sealEverything(application: {
  app: INestApplicationContext;
  sql: Pool;
}): Promise<void> {
  const { app, sql } = application;
  await until(
    async () => {
      const { rows } = await sql.query<{ isOver: boolean }>(
        `SELECT coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint, true) AS "isOver"
           FROM (SELECT xid FROM otp_verification_events UNION ALL SELECT xid FROM otp_admin_audit) AS written`,
      );
      return rows[0]!.isOver;
    },
    { what: 'older transactions are over' },
  );
  await app.get(JournalSealer, { strict: false }).sealAll();
}
