import { VerificationReconciler } from '../src/index.js';
import { SweepRepository } from '../src/verification/recovery/sweep.repository.js';
import { startApplication, type TestApplication } from './support/application.js';

describe('requests whose time ran out', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  it('are all recorded with an event each, however many there are', async () => {
    const { sql, app } = application;
    await sql.query(
      `INSERT INTO otp_verification_requests (id, purpose, status, channel, phone_fingerprint, phone_country, phone_last_digits,
         caller_fingerprint, caller_bound, code_length, max_attempts, max_sends, provider, created_at, expires_at, events)
       SELECT gen_random_uuid(), 'bulk', 'PENDING', 'sms', sha256(i::text::bytea), 'US', '00', '', false, 6, 3, 3, 'none',
              now() - interval '5 hours', now() - interval '4 hours', 0
         FROM generate_series(1, 1200) AS i`,
    );
    expect(await app.get(VerificationReconciler).runOnce()).toMatchObject({ swept: 1200 });
    const { rows } = await sql.query(
      `SELECT r.status, e.type, count(*)::int AS n
         FROM otp_verification_requests r JOIN otp_verification_events e ON e.request_id = r.id
        WHERE r.purpose = 'bulk' GROUP BY 1, 2`,
    );
    expect(rows).toEqual([{ status: 'EXPIRED', type: 'time-ran-out', n: 1200 }]);
  });

  it('and keys of repeated calls are deleted in batches, and past a row that somebody holds', async () => {
    const { sql, app } = application;
    await sql.query(
      `INSERT INTO otp_idempotency_keys (key_fingerprint, body_fingerprint, locked_until, created_at)
       SELECT sha256(i::text::bytea), '', now(), now() - interval '2 days' FROM generate_series(1, 2500) AS i`,
    );
    const left = async () =>
      (await sql.query<{ n: number }>('SELECT count(*)::int AS n FROM otp_idempotency_keys')).rows[0]!.n;
    const holder = await sql.connect();
    await holder.query('BEGIN; SELECT 1 FROM otp_idempotency_keys LIMIT 1 FOR UPDATE');
    await app.get(SweepRepository, { strict: false }).deleteOldKeys();
    expect(await left()).toBe(1500);
    await app.get(VerificationReconciler).runOnce();
    expect(await left()).toBe(1);
    await holder.query('ROLLBACK');
    holder.release();
  });
});
