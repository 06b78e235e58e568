import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import { times } from './support/times.js';

const countOf = (statuses: number[], status: number) => statuses.filter((each) => each === status).length;

describe.each(['v2', 'v1'])('races (%s)', (api) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      VONAGE_VERIFY_API: api,
      DATABASE_POOL_SIZE: '10',
      // So that no answer of the sandbox comes too late while 200 requests keep the machine busy.
      VONAGE_TIMEOUT_MS: '30000',
    });
  });
  afterAll(() => application.close());

  it('200 parallel wrong codes reach the provider at most 3 times', async () => {
    const { client, started, sandbox } = application;
    const { requestId, code, phoneNumber } = await started();
    await times(200, () => client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) }));
    // And however often one goes on afterwards.
    for (let i = 0; i < 5; i += 1)
      await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    const providerId = sandbox.ledger(phoneNumber)[0]!.providerRequestId;
    expect(sandbox.calls().checksByRequest[providerId]).toBe(3);
  });

  it('200 parallel right codes give exactly one success', async () => {
    const { client, started } = application;
    const { requestId, code } = await started();
    const answers = await times(200, () => client.json('POST', '/verify-otp', { requestId, otpCode: code }));
    // A busy machine lets some wait for a connection for too long: they get 503, and no success either.
    const ends = answers.map(({ status, body }) => `${status} ${body['code'] ?? body['status']}`);
    expect(ends.filter((end) => !/^(409|503) /.test(end))).toEqual(['200 VERIFIED']);
  });

  it.each([
    ['of one caller', () => ({})],
    ['of as many callers', (index: number) => ({ Cookie: `otp-caller=${String(index).padStart(22, 'A')}` })],
  ])('50 parallel starts %s for one number send one message', async (_name, headersOf) => {
    const { client, sandbox } = application;
    const phoneNumber = freshNumber();
    const answers = await times(50, (index) =>
      client.json('POST', '/request-otp', { phoneNumber }, headersOf(index) as Record<string, string>),
    );
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
    const ids = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body['requestId']));
    expect(ids.size).toBe(1);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
  });

  it('20 parallel resends send one message more', async () => {
    const { client, started, sandbox, sql, advanceProvider } = application;
    const { requestId, phoneNumber } = await started();
    await advanceProvider(31);
    await sql.query('UPDATE otp_verification_requests SET resend_available_at = now() WHERE id = $1', [
      requestId,
    ]);
    const answers = await times(20, () => client.json('POST', '/resend-otp', { requestId }));
    expect(
      countOf(
        answers.map(({ status }) => status),
        200,
      ),
    ).toBe(1);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(2);
  });

  it('a cancel that meets a check leaves one of them the winner, never both', async () => {
    const { client, started } = application;
    for (let round = 0; round < 10; round += 1) {
      const { requestId, code } = await started();
      const [check, cancel] = await Promise.all([
        client.json('POST', '/verify-otp', { requestId, otpCode: code }),
        client.json('POST', '/cancel-otp', { requestId }),
      ]);
      expect(countOf([check.status, cancel.status], 200)).toBe(1);
      const { body } = await client.json('GET', `/verifications/${requestId}`);
      expect(body['status']).toBe(check.status === 200 ? 'VERIFIED' : 'CANCELLED');
    }
  });
});

describe('a request answers to the caller that started it', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const owner = { Cookie: 'otp-caller=OOOOOOOOOOOOOOOOOOOOOO' };
  const stranger = { Cookie: 'otp-caller=SSSSSSSSSSSSSSSSSSSSSS' };

  it('a stranger finds nothing, spends no attempt and cancels nothing, even with the right code', async () => {
    const { client, codeFor } = application;
    const phoneNumber = freshNumber();
    const start = await client.json('POST', '/request-otp', { phoneNumber }, owner);
    const requestId = start.body['requestId'] as string;
    const otpCode = codeFor(phoneNumber);
    for (const headers of [stranger, {}]) {
      const answers = [
        await client.json('POST', '/verify-otp', { requestId, otpCode }, headers),
        await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(otpCode) }, headers),
        await client.json('POST', '/verify-otp', { requestId, otpCode: '12' }, headers),
        await client.json('POST', '/resend-otp', { requestId }, headers),
        await client.json('POST', '/cancel-otp', { requestId }, headers),
        await client.json('GET', `/verifications/${requestId}`, undefined, headers),
        await client.json('GET', `/verify-otp?requestId=${requestId}`, undefined, headers),
      ];
      expect(answers.map(({ body }) => body['code'])).toEqual([
        'unknown-request',
        'unknown-request',
        'invalid-input',
        ...Array.from({ length: 4 }, () => 'unknown-request'),
      ]);
    }
    const seen = await client.json('GET', `/verifications/${requestId}`, undefined, owner);
    expect(seen.body).toMatchObject({ status: 'PENDING', attemptsRemaining: 3 });
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode }, owner)).status).toBe(200);
  });
});
