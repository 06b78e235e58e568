import pg from 'pg';
import { JournalSealer, JournalVerifier } from '../../src/index.js';
import type { TestApplication } from '../support/application.js';

/** What is over by now: a transaction that is open anywhere holds the rest back. */
export const sealOnce = ({ app }: TestApplication) => app.get(JournalSealer, { strict: false }).sealAll();
export const verify = ({ app }: TestApplication) => app.get(JournalVerifier, { strict: false }).verify();

/**
 * Leaves an empty journal, as a superuser. Locks the cursor before the events, as the sealer does that may be at work: in the
 * other order they can deadlock.
 */
export const empty = ({ sql }: TestApplication) =>
  sql.query(
    `UPDATE otp_journal_cursors SET xid = 0 WHERE reader = 'seal';
     TRUNCATE otp_verification_requests, otp_verification_events, otp_number_slots, otp_journal_seals`,
  );

/** A transaction of the application's role that stays open until its end is asked for. */
export async function openTransaction(application: TestApplication) {
  const client = new pg.Client({ connectionString: application.databaseUrl });
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT pg_current_xact_id()');
  return {
    query: (text: string, values: unknown[] = []) => client.query(text, values),
    async commit() {
      await client.query('COMMIT');
      await client.end();
    },
  };
}
