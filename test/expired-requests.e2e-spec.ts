import { VerificationReconciler } from '../src/index.js';
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
});
