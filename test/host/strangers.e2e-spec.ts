import { startApplication, type TestApplication, wrongCode } from '../support/application.js';
import { mustBe, Visitor } from './visitor.js';

describe('what strangers and the provider do', () => {
  let application: TestApplication;
  beforeEach(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterEach(() => application.close());

  const halfSignedIn = async (kind: 'json' | 'html' = 'json') => {
    const person = (await (await new Visitor(application, kind).signsUp()).enrols()).elsewhere();
    await person.signsIn();
    return person;
  };
  const past30Seconds = async () => {
    await application.advanceProvider(31);
    await application.sql.query(
      `UPDATE otp_verification_requests
          SET created_at = created_at - interval '31 s', sent_at = sent_at - interval '31 s'`,
    );
  };

  it('a stranger who exhausts a number anonymously does not keep its owner out', async () => {
    const person = await halfSignedIn();
    const { client } = application;
    const guess = async (pick: (code: string) => string) => {
      const { body } = await client.json('POST', '/request-otp', { phoneNumber: person.phoneNumber });
      const otpCode = pick(application.codeFor(person.phoneNumber));
      return client.json('POST', '/verify-otp', { requestId: body['requestId'], otpCode });
    };
    for (let i = 0; i < 6; i += 1) await guess(wrongCode);
    expect((await guess((code) => code)).status).toBe(429);
    await past30Seconds();
    mustBe(await person.types(await person.isChallenged(), person.code), 'the code');
    expect((await person.get('/account')).status).toBe(200);
  });

  it('a stranger’s request that the provider still has in flight gives way to the owner’s', async () => {
    const person = await halfSignedIn();
    const stranger = await application.started(person.phoneNumber);
    const early = await person.post('/two-factor/challenge');
    expect([early.status, early.body['code']]).toEqual([409, 'phone-busy']);
    expect(Number(early.headers.get('retry-after'))).toBeLessThanOrEqual(30);
    // Meanwhile nobody else takes the number.
    expect(
      (await application.client.json('POST', '/request-otp', { phoneNumber: person.phoneNumber })).status,
    ).toBe(409);

    await past30Seconds();
    const requestId = await person.isChallenged();
    const fields = { requestId: stranger.requestId, otpCode: person.code };
    expect((await application.client.json('POST', '/verify-otp', fields)).status).toBe(410);
    mustBe(await person.types(requestId, person.code), 'the code');
    expect((await person.get('/account')).status).toBe(200);
  });

  it('a code for one purpose gives way to one for another, of the same person', async () => {
    const person = await halfSignedIn();
    mustBe(await person.types(await person.isChallenged(), person.code), 'the code');
    await person.isChallenged();
    const refused = await person.post('/account/payment', { amount: '1.00', recipient: 'ACME' });
    const base = `/two-factor/step-up/${String(refused.body['grant'])}`;
    await past30Seconds();
    const requestId = await person.isChallenged(`${base}/challenge`);
    mustBe(await person.post(`${base}/verify`, { requestId, otpCode: person.code }), 'confirming');
  });

  it('a provider that is down lets nobody in, and a recovery code does', async () => {
    const person = await (await new Visitor(application, 'html').signsUp()).enrols();
    const sheet = await person.post('/two-factor/recovery-codes');
    const [, recoveryCode] = /<code dir="ltr">([^<]+)<\/code>/.exec(sheet.text)!;
    const other = person.elsewhere();
    await other.signsIn();
    await application.fault({ kind: 'status', status: 500, operation: 'start' });
    const answer = await other.post('/two-factor/challenge');
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('Use a recovery code instead');
    expect((await other.get('/account')).status).toBe(303);
    const used = await other.post('/two-factor/code', { factor: 'recovery', otpCode: recoveryCode! });
    expect([used.status, used.headers.get('location')]).toEqual([303, '/two-factor/settings']);
    expect((await other.get('/account')).status).toBe(200);
  });
});
