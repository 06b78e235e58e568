import { generate } from 'otplib';
import { type Kind } from '../support/client.js';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { furtherInstances } from '../support/instances.js';
import { until } from '../support/until.js';
import { codeOf, mustBe, requestIdOf, settingsOf, Visitor } from './visitor.js';

const ENV = { RESEND_COOLDOWN_SECONDS: '0' };

/** Every change that its owner can make to the factors, from a session that may. */
const CHANGES: Record<
  string,
  (owner: Visitor, phoneId: string, application: TestApplication) => Promise<void>
> = {
  'removing the phone': async (owner, phoneId) => {
    mustBe(await owner.post(`/two-factor/phones/${phoneId}/remove`), 'removing');
  },
  'replacing the phone': async (owner, phoneId, { codeFor }) => {
    const phoneNumber = freshNumber();
    const started = mustBe(await owner.post('/two-factor/phones', { phoneNumber }), 'enrolling');
    const fields = { requestId: requestIdOf(started), otpCode: codeFor(phoneNumber), replaces: phoneId };
    mustBe(await owner.post('/two-factor/phones/verify', fields), 'replacing');
  },
  'naming the phone': async (owner, phoneId) => {
    mustBe(await owner.post(`/two-factor/phones/${phoneId}/label`, { label: 'Mine' }), 'naming');
  },
  'making new recovery codes': async (owner) => {
    mustBe(await owner.post('/two-factor/recovery-codes'), 'making codes');
  },
};

describe.each(['v2', 'v1'])('a proof begun before a change of factors does not survive it (%s)', (api) => {
  let application: TestApplication;
  let instances: Awaited<ReturnType<typeof furtherInstances>>;
  beforeAll(async () => {
    const env = { ...ENV, VONAGE_VERIFY_API: api };
    application = await startApplication(env);
    instances = await furtherInstances(application, 2, env);
  });
  afterAll(async () => {
    await instances.close();
    await application.close();
  });

  /** Has a phone and an authenticator app, so that one factor remains whatever happens to the phone. */
  const ownerOfPhoneAndApp = async () => {
    const owner = await (await new Visitor(instances.all[0]!).signsUp()).enrols();
    const { body } = mustBe(await owner.post('/two-factor/authenticators'), 'setting up an app');
    const otpCode = await generate({ secret: body['secret'] as string });
    mustBe(await owner.post('/two-factor/authenticators/confirm', { otpCode }), 'confirming it');
    const phone = (await settingsOf(owner)).factors.find(({ method }) => method === 'sms')!;
    return { owner, phoneId: phone.id };
  };
  /** Knows the password and reads the phone's messages; on an instance of its own. */
  const thiefOf = async (owner: Visitor, kind: Kind) => {
    const thief = new Visitor(instances.all[1]!, kind);
    Object.assign(thief, { email: owner.email, password: owner.password, phoneNumber: owner.phoneNumber });
    mustBe(await thief.signsIn(), 'signing in');
    return thief;
  };
  /** The same cookies on the third instance, as a program: whether both factors count for them. */
  const isRaised = async (person: Visitor) => {
    const probe = new Visitor(instances.all[2]!);
    for (const [name, value] of person.cookies) probe.cookies.set(name, value);
    return (await probe.get('/account')).status === 200;
  };
  /** A check of the number is under way at the provider. */
  const checksOf = (phoneNumber: string) => {
    const { providerRequestId } = application.sandbox.ledger(phoneNumber).at(-1)!;
    const checks = () => application.sandbox.calls().checksByRequest[providerRequestId] ?? 0;
    const before = checks();
    return until(() => checks() > before);
  };
  const messages = (person: Visitor) => application.sandbox.ledger(person.phoneNumber).length;

  describe.each(Object.keys(CHANGES))('after %s', (name) => {
    it.each<Kind>(['json', 'html'])('the old code is refused, and none is sent again (%s)', async (kind) => {
      const { owner, phoneId } = await ownerOfPhoneAndApp();
      const thief = await thiefOf(owner, kind);
      const requestId = await thief.isChallenged();
      await thief.types(requestId, thief.wrongCode);
      const code = thief.code;
      await CHANGES[name]!(owner, phoneId, application);
      const sent = messages(thief);

      await thief.types(requestId, code);
      expect(await isRaised(thief)).toBe(false);
      mustBe(await thief.signsIn(), 'signing in again');
      for (const path of ['/two-factor/resend', '/two-factor/verify', '/two-factor/resend']) {
        const answer = await thief.post(path, { requestId, otpCode: code });
        expect(answer.status).toBeGreaterThanOrEqual(404);
        expect(await isRaised(thief)).toBe(false);
      }
      expect(messages(thief)).toBe(sent);
      expect(await isRaised(owner)).toBe(true);
    });
  });

  it.each(Object.keys(CHANGES))('after %s the session that asked is refused too', async (name) => {
    const { owner, phoneId } = await ownerOfPhoneAndApp();
    const requestId = await owner.isChallenged();
    const otpCode = owner.code;
    await CHANGES[name]!(owner, phoneId, application);
    const sent = messages(owner);
    expect(codeOf(await owner.types(requestId, otpCode))).toEqual([410, 'cancelled']);
    expect(codeOf(await owner.post('/two-factor/resend', { requestId }))).toEqual([410, 'cancelled']);
    expect(messages(owner)).toBe(sent);
    // The same where the process died before it could end the request.
    await application.sql.query(
      `UPDATE otp_verification_requests SET status = 'PENDING', reason = NULL, ended_at = NULL WHERE id = $1`,
      [requestId],
    );
    expect(codeOf(await owner.types(requestId, otpCode))).toEqual([410, 'cancelled']);
    expect(codeOf(await owner.post('/two-factor/resend', { requestId }))).toEqual([410, 'cancelled']);
    expect(messages(owner)).toBe(sent);
  });

  it('a check that is under way while the phone is removed raises nobody', async () => {
    const { owner, phoneId } = await ownerOfPhoneAndApp();
    const thief = await thiefOf(owner, 'json');
    const requestId = await thief.isChallenged();
    await application.fault({ kind: 'latency', latencyMs: 2000, operation: 'check', to: thief.phoneNumber });
    const [answer] = await Promise.all([
      thief.types(requestId, thief.code),
      checksOf(thief.phoneNumber).then(() => CHANGES['removing the phone']!(owner, phoneId, application)),
    ]);
    expect(answer.status).not.toBe(200);
    expect(await isRaised(thief)).toBe(false);
    expect(await isRaised(owner)).toBe(true);
  });

  it('a step-up that waits for its code, and one that is granted, are void', async () => {
    const { owner, phoneId } = await ownerOfPhoneAndApp();
    const other = owner.elsewhere();
    mustBe(await other.signsIn(), 'signing in');
    mustBe(await other.types(await other.isChallenged(), other.code), 'the code');
    const payment = { amount: '40.00', recipient: 'ACME' };
    const granted = String((await other.post('/account/payment', payment)).body['grant']);
    const grantedId = await other.isChallenged(`/two-factor/step-up/${granted}/challenge`);
    mustBe(
      await other.post(`/two-factor/step-up/${granted}/verify`, {
        requestId: grantedId,
        otpCode: other.code,
      }),
      'confirming',
    );
    const waiting = String((await other.post('/account/payment', payment)).body['grant']);
    const requestId = await other.isChallenged(`/two-factor/step-up/${waiting}/challenge`);
    const otpCode = other.code;
    await CHANGES['naming the phone']!(owner, phoneId, application);
    const late = await other.post(`/two-factor/step-up/${waiting}/verify`, { requestId, otpCode });
    expect(codeOf(late)).toEqual([401, 'sign-in-required']);
    expect(codeOf(await other.post('/account/payment', { ...payment, grant: granted }))[0]).toBe(401);
    const { rows } = await application.sql.query('SELECT 1 FROM otp_step_up_grants WHERE id = ANY($1)', [
      [waiting, granted],
    ]);
    expect(rows).toEqual([]);
  });

  it('a change that waits for the provider is refused when the owner changes the factors first', async () => {
    const { owner, phoneId } = await ownerOfPhoneAndApp();
    // A stolen cookie of a session that has just shown its factor.
    const thief = owner.elsewhere();
    mustBe(await thief.signsIn(), 'signing in');
    mustBe(await thief.types(await thief.isChallenged(), thief.code), 'the code');
    const phoneNumber = freshNumber();
    const requestId = requestIdOf(
      mustBe(await thief.post('/two-factor/phones', { phoneNumber }), 'enrolling'),
    );
    await application.fault({ kind: 'latency', latencyMs: 2000, operation: 'check', to: phoneNumber });
    const fields = { requestId, otpCode: application.codeFor(phoneNumber) };
    const [late] = await Promise.all([
      thief.post('/two-factor/phones/verify', fields),
      checksOf(phoneNumber).then(() => CHANGES['naming the phone']!(owner, phoneId, application)),
    ]);
    expect(late.status).toBeGreaterThanOrEqual(400);
    expect([await isRaised(thief), await isRaised(owner)]).toEqual([false, true]);
    expect((await settingsOf(owner)).factors).toHaveLength(2);
  });

  it('an app that another session was setting up is shown to nobody, and never becomes a factor', async () => {
    const { owner } = await ownerOfPhoneAndApp();
    const other = owner.elsewhere();
    mustBe(await other.signsIn(), 'signing in');
    mustBe(await other.types(await other.isChallenged(), other.code), 'the code');
    mustBe(await other.post('/two-factor/authenticators'), 'setting up an app');
    expect(codeOf(await owner.get('/two-factor/authenticators/new'))).toEqual([404, 'unknown-factor']);
    mustBe(await owner.post('/two-factor/recovery-codes'), 'making codes');
    const { rows } = await application.sql.query(
      `SELECT 1 FROM otp_authenticators WHERE confirmed_at IS NULL
          AND user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
      [owner.email],
    );
    expect(rows).toEqual([]);
  });

  it('proving a number one has already sends nothing, removes nothing and ends no session', async () => {
    const { owner, phoneId } = await ownerOfPhoneAndApp();
    const number = owner.phoneNumber;
    await owner.enrols();
    const before = await settingsOf(owner);
    const sent = application.sandbox.ledger(number).length;
    const answer = await owner.post('/two-factor/phones', { phoneNumber: number });
    expect(codeOf(answer)).toEqual([409, 'number-enrolled']);
    expect(application.sandbox.ledger(number)).toHaveLength(sent);
    expect(await settingsOf(owner)).toEqual(before);
    // Asked for before it was enrolled elsewhere: two enrolments of one number end as one, and replace nothing.
    expect(before.factors.map(({ id }) => id)).toContain(phoneId);
  });

  it('a phone that is not there cannot be replaced, and the code is not spent on it', async () => {
    const { owner } = await ownerOfPhoneAndApp();
    const phoneNumber = freshNumber();
    const requestId = requestIdOf(
      mustBe(await owner.post('/two-factor/phones', { phoneNumber }), 'enrolling'),
    );
    const fields = { requestId, otpCode: application.codeFor(phoneNumber) };
    const replaces = '0198f2c4-0000-7000-8000-000000000000';
    const refused = await owner.post('/two-factor/phones/verify', { ...fields, replaces });
    expect(codeOf(refused)).toEqual([404, 'unknown-factor']);
    mustBe(await owner.post('/two-factor/phones/verify', fields), 'proving');
  });
});
