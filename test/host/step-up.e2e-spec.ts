import { startApplication, type TestApplication } from '../support/application.js';
import { codeOf, mustBe, Visitor } from './visitor.js';

const PAYMENT = { amount: '40.00', recipient: 'ACME' };

describe('an act that wants to be confirmed', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const enrolled = async () => (await new Visitor(application).signsUp()).enrols();
  const asked = async (person: Visitor, payment = PAYMENT) => {
    const refused = await person.post('/account/payment', payment);
    expect([refused.status, refused.body['code']]).toEqual([403, 'step-up-required']);
    return String(refused.body['grant']);
  };
  const confirms = async (person: Visitor, grant: string) => {
    const base = `/two-factor/step-up/${grant}`;
    const requestId = await person.isChallenged(`${base}/challenge`);
    return mustBe(await person.post(`${base}/verify`, { requestId, otpCode: person.code }), 'confirming');
  };
  const pays = (person: Visitor, grant: string, payment = PAYMENT) =>
    person.post('/account/payment', { ...payment, grant });

  it('is shown to the person, and done once after a code for just it', async () => {
    const person = await enrolled();
    const grant = await asked(person);
    expect((await person.get(`/two-factor/step-up/${grant}`)).body['summary']).toBe('Pay 40.00 EUR to ACME');
    expect((await pays(person, grant)).status).toBe(403);
    await confirms(person, grant);
    expect((await pays(person, grant)).body).toEqual({ status: 'paid', ...PAYMENT });
    expect(codeOf(await pays(person, grant))).toEqual([403, 'step-up-required']);
  });

  it('is not done for another amount, by another user, or in another session', async () => {
    const person = await enrolled();
    const grant = await asked(person);
    await confirms(person, grant);
    expect(codeOf(await pays(person, grant, { ...PAYMENT, amount: '4000.00' }))).toEqual([
      403,
      'step-up-required',
    ]);
    expect(codeOf(await pays(await enrolled(), grant))).toEqual([403, 'step-up-required']);
    const elsewhere = await person.elsewhere().isSignedIn();
    expect(codeOf(await pays(elsewhere, grant))).toEqual([403, 'step-up-required']);
    expect((await pays(person, grant)).status).toBe(200);
  });

  it('twenty times at once is done once', async () => {
    const person = await enrolled();
    const grant = await asked(person);
    await confirms(person, grant);
    const answers = await Promise.all(Array.from({ length: 20 }, () => pays(person, grant)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('is not confirmed after five minutes, and not done five minutes after', async () => {
    const person = await enrolled();
    const late = await asked(person);
    await application.sql.query(`UPDATE otp_step_up_grants SET expires_at = now() WHERE id = $1`, [late]);
    expect(codeOf(await person.post(`/two-factor/step-up/${late}/challenge`))).toEqual([
      404,
      'unknown-step-up',
    ]);
    const grant = await asked(person);
    await confirms(person, grant);
    await application.sql.query(
      `UPDATE otp_step_up_grants SET granted_at = now() - interval '301 s' WHERE id = $1`,
      [grant],
    );
    expect((await pays(person, grant)).status).toBe(403);
  });

  it('a code of a sign-in or of another act confirms nothing', async () => {
    const person = await enrolled();
    const grant = await asked(person);
    const signIn = await person.isChallenged();
    const answer = await person.post(`/two-factor/step-up/${grant}/verify`, {
      requestId: signIn,
      otpCode: person.code,
    });
    expect(codeOf(answer)).toEqual([404, 'unknown-request']);
    expect((await pays(person, grant)).status).toBe(403);
  });

  it('somebody else can neither see nor confirm it', async () => {
    const grant = await asked(await enrolled());
    const other = await enrolled();
    expect(codeOf(await other.get(`/two-factor/step-up/${grant}`))).toEqual([404, 'unknown-step-up']);
    expect(codeOf(await other.post(`/two-factor/step-up/${grant}/challenge`))).toEqual([
      404,
      'unknown-step-up',
    ]);
  });

  it('a browser is led through it and back', async () => {
    const person = await (await new Visitor(application, 'html').signsUp()).enrols();
    const refused = await person.post('/account/payment', PAYMENT);
    expect(refused.status).toBe(303);
    const [path, query] = refused.headers.get('location')!.split('?') as [string, string];
    const returnTo = new URLSearchParams(query).get('returnTo')!;
    const page = await person.get(`${path}?${query}`);
    expect(page.text).toContain('Pay 40.00 EUR to ACME');
    const requestId = await person.isChallenged(`${path}/challenge`);
    for (const answer of [
      await person.get(`${path}/challenge/${requestId}`),
      await person.post(`${path}/verify`, { requestId, otpCode: person.wrongCode, returnTo }),
      await person.post(`${path}/resend`, { requestId, returnTo }),
    ])
      expect(answer.text).toContain('Pay 40.00 EUR to ACME');
    const done = await person.post(`${path}/verify`, { requestId, otpCode: person.code, returnTo });
    expect(done.headers.get('location')).toBe(returnTo);
    const form = await person.get(returnTo);
    expect(form.text).toContain('value="40.00"');
    const grant = new URL(returnTo, 'http://x').searchParams.get('grant')!;
    expect((await pays(person, grant)).text).toContain('Paid €40.00 to ACME');
  });
});
