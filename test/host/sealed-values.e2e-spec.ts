import { startApplication, type TestApplication } from '../support/application.js';
import { mustBe, Visitor } from './visitor.js';

describe('a sealed value opens only where it was sealed', () => {
  let application: TestApplication;
  beforeEach(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterEach(() => application.close());

  it('a copy in a step-up grant does not show the secret of an app, nor a phone number', async () => {
    const { sql } = application;
    const victim = await (await new Visitor(application).signsUp()).enrols();
    mustBe(await victim.post('/two-factor/authenticators'), 'setting up');
    const thief = await (await new Visitor(application).signsUp()).enrols();
    const payment = { amount: '40.00', recipient: 'ACME' };
    const grant = String((await thief.post('/account/payment', payment)).body['grant']);
    expect((await thief.get(`/two-factor/step-up/${grant}`)).body['summary']).toBe('Pay €40.00 to ACME');
    const sealed = await sql.query<{ id: string; value: string }>(
      `SELECT id, secret AS value FROM otp_authenticators UNION ALL SELECT id, phone_number FROM otp_enrolled_phones
       UNION ALL SELECT id, phone_number FROM otp_verification_requests`,
    );
    expect(sealed.rows).toHaveLength(5);
    for (const { id, value } of sealed.rows) {
      await sql.query(
        `INSERT INTO otp_step_up_grants (id, user_id, sid, payload_hash, action, summary, act, created_at, expires_at)
         SELECT $2, user_id, sid, payload_hash, action, $3, act, created_at, expires_at FROM otp_step_up_grants WHERE id = $1`,
        [grant, id, value],
      );
      const answer = await thief.get(`/two-factor/step-up/${id}`);
      expect([answer.status, answer.body['summary']]).toEqual([500, undefined]);
    }
  });
});
