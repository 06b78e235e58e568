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
  /** What was paid, as the host's ledger has it. */
  const payments = async (person: Visitor): Promise<unknown[]> => {
    const { rows } = await application.sql.query(
      `SELECT amount, recipient FROM host_payments WHERE user_id =
         (SELECT id::text FROM host_users WHERE email = $1)`,
      [person.email],
    );
    return rows;
  };
  const pays = (person: Visitor, grant: string, payment = PAYMENT) =>
    person.post('/account/payment', { ...payment, grant });

  it('is shown to the person, and done once after a code for just it', async () => {
    const person = await enrolled();
    const grant = await asked(person);
    expect((await person.get(`/two-factor/step-up/${grant}`)).body['summary']).toBe('Pay €40.00 to ACME');
    expect((await pays(person, grant)).status).toBe(403);
    await confirms(person, grant);
    const paid = (await pays(person, grant)).body;
    expect(paid).toMatchObject({ id: grant, status: 'paid', ...PAYMENT });
    // A repeated request gets the same payment and makes no second one.
    expect((await pays(person, grant)).body).toEqual(paid);
    expect((await person.get(`/account/payments/${grant}`)).body).toEqual(paid);
    expect(await payments(person)).toEqual([PAYMENT]);
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
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await payments(person)).toEqual([PAYMENT]);
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
    expect(await payments(person)).toEqual([]);
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

  it('leaves the code of another act valid that is on its way, and says when it gets its own', async () => {
    const person = await enrolled();
    const [first, second] = [await asked(person), await asked(person, { ...PAYMENT, amount: '41.00' })];
    const requestId = await person.isChallenged(`/two-factor/step-up/${first}/challenge`);
    const refused = await person.post(`/two-factor/step-up/${second}/challenge`);
    expect(codeOf(refused)).toEqual([409, 'phone-busy']);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(20);
    expect(wait).toBeLessThanOrEqual(30);
    const confirmed = { requestId, otpCode: person.code };
    expect((await person.post(`/two-factor/step-up/${first}/verify`, confirmed)).status).toBe(200);
    expect((await pays(person, first)).status).toBe(200);
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

  describe('on pages', () => {
    /** Somebody at the code page of a payment. */
    const atCode = async () => {
      const person = await (await new Visitor(application, 'html').signsUp()).enrols();
      const refused = await person.post('/account/payment', PAYMENT);
      expect(refused.status).toBe(303);
      const [path, query] = refused.headers.get('location')!.split('?') as [string, string];
      const returnTo = new URLSearchParams(query).get('returnTo')!;
      const requestId = await person.isChallenged(`${path}/challenge`);
      const confirms = () => person.post(`${path}/verify`, { requestId, otpCode: person.code, returnTo });
      return { person, path, requestId, returnTo, confirms, receipt: `/account/payments/${path.slice(-36)}` };
    };

    it('is paid by the code alone, and every way back leads to the receipt', async () => {
      const { person, path, requestId, returnTo, confirms, receipt } = await atCode();
      for (const answer of [
        await person.get(path),
        await person.get(`${path}/challenge/${requestId}`),
        await person.post(`${path}/verify`, { requestId, otpCode: person.wrongCode, returnTo }),
        await person.post(`${path}/resend`, { requestId, returnTo }),
      ])
        expect(answer.text).toContain('Pay €40.00 to ACME');
      expect(await payments(person)).toEqual([]);
      expect((await confirms()).headers.get('location')).toBe(receipt);
      for (const again of [
        await confirms(),
        await person.get(path),
        await person.get(`${path}/challenge/${requestId}`),
        await person.post(`${path}/challenge`),
        await person.get(returnTo),
        await person.post('/account/payment', { ...PAYMENT, grant: path.slice(-36) }),
      ])
        expect([again.status, again.headers.get('location')]).toEqual([303, receipt]);
      expect((await person.get(receipt)).text).toContain('Paid €40.00 to ACME.');
      expect(await payments(person)).toEqual([PAYMENT]);
      expect((await (await enrolled()).get(receipt)).status).toBe(404);
    });

    it('is paid once by ten codes at once', async () => {
      const { person, confirms } = await atCode();
      await Promise.all(Array.from({ length: 10 }, confirms));
      expect(await payments(person)).toEqual([PAYMENT]);
    });

    it('is not paid when paying fails, which the form says, and is then by a press', async () => {
      const { person, path, returnTo, confirms, receipt } = await atCode();
      const stops = (how: string) => application.sql.query(`ALTER TABLE host_payments ${how}`);
      await stops('ADD CONSTRAINT broken CHECK (amount IS NULL) NOT VALID');
      const failed = await confirms();
      await stops('DROP CONSTRAINT broken');
      expect(failed.headers.get('location')).toBe(returnTo);
      expect(await payments(person)).toEqual([]);
      const form = (await person.get(returnTo)).text;
      expect(form).toContain('You confirmed it, but we couldn’t do it. Nothing has changed.');
      expect(form).toContain('value="40.00"');
      // The person presses Pay, or comes back to the page of the code.
      expect((await person.get(path)).headers.get('location')).toBe(returnTo);
      const paid = await person.post('/account/payment', { ...PAYMENT, grant: path.slice(-36) });
      expect(paid.headers.get('location')).toBe(receipt);
      expect(await payments(person)).toEqual([PAYMENT]);
    });

    it('names the amount as the reader writes it', async () => {
      const person = await (await new Visitor(application, 'html').signsUp()).enrols();
      const german = { 'Accept-Language': 'de-DE' };
      const refused = await person.post('/account/payment', PAYMENT, german);
      const page = await person.get(refused.headers.get('location')!, german);
      expect(page.text).toContain('40,00\u00a0€ an ACME bezahlen');
    });
  });
});
