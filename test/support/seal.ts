import type { INestApplicationContext } from '@nestjs/common';
import type { Pool } from 'pg';
import { JournalSealer } from '../../src/index.js';
import { until } from './until.js';

/** Waits also for transactions in other tests' databases: Postgres counts them together. */
export async function sealEverything(application: {
  app: INestApplicationContext;
  sql: Pool;
}): Promise<void> {
  const { app, sql } = application;
  await until(
    async () => {
      await app.get(JournalSealer, { strict: false }).sealAll();
      const { rows } = await sql.query(
        `SELECT FROM otp_verification_events
          WHERE xid > (SELECT xid FROM otp_journal_cursors WHERE journal = 'verification' AND reader = 'seal')
         UNION ALL
         SELECT FROM otp_admin_audit
          WHERE xid > (SELECT xid FROM otp_journal_cursors WHERE journal = 'audit' AND reader = 'seal') LIMIT 1`,
      );
      return rows.length === 0;
    },
    { what: 'everything is sealed' },
  );
}
