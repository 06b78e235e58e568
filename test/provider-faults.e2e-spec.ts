import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';

describe.each(['v2', 'v1'])('when the provider fails nothing is lost and the next try works (%s)', (api) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      VONAGE_VERIFY_API: api,
      VONAGE_TIMEOUT_MS: '1000',
      RESEND_COOLDOWN_SECONDS: '0',
    });
  });
  afterAll(() => application.close());

  const AFTER_THE_MESSAGE = [
    { kind: 'lost-answer' },
    { kind: 'garbage', afterEffect: true },
    { kind: 'empty', afterEffect: true },
    { kind: 'truncated', afterEffect: true },
    { kind: 'truncated', chunked: true, afterEffect: true },
    { kind: 'black-hole', afterEffect: true },
    { kind: 'status', status: 500, afterEffect: true },
    { kind: 'status', status: 502, afterEffect: true },
  ];

  /** One message in all, and its code is accepted. */
  const nextTryWorks = async (phoneNumber: string) => {
    const { client, sandbox, codeFor } = application;
    const again = await client.json('POST', '/request-otp', { phoneNumber });
    expect(again.status).toBe(200);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
    const { requestId } = again.body;
    expect(
      (await client.json('POST', '/verify-otp', { requestId, otpCode: codeFor(phoneNumber) })).status,
    ).toBe(200);
  };

  it.each(AFTER_THE_MESSAGE)('start: the message goes out and the answer is lost ($kind)', async (fault) => {
    const { client } = application;
    const phoneNumber = freshNumber();
    await application.fault({ ...fault, operation: 'start', to: phoneNumber });
    const lost = await client.json('POST', '/request-otp', { phoneNumber });
    expect([lost.status, lost.body['code']]).toEqual([503, 'provider-unavailable']);
    expect(lost.headers.get('retry-after')).toMatch(/^\d+$/);

    await nextTryWorks(phoneNumber);
  });

  it.each(['reset', 'garbage', 'empty', 'truncated', 'black-hole', 'status'])(
    'start: nothing goes out (%s)',
    async (kind) => {
      const { client, sandbox } = application;
      const phoneNumber = freshNumber();
      await application.fault({ kind, operation: 'start', to: phoneNumber });
      expect((await client.json('POST', '/request-otp', { phoneNumber })).status).toBe(503);
      expect(sandbox.ledger(phoneNumber)).toHaveLength(0);

      await nextTryWorks(phoneNumber);
    },
  );

  it.each(['reset', 'garbage', 'empty', 'truncated', 'black-hole', 'status'])(
    'check: an answer that is none is never a success, and the next try works (%s)',
    async (kind) => {
      const { client, started } = application;
      const { requestId, code, phoneNumber } = await started();
      await application.fault({ kind, operation: 'check', to: phoneNumber });
      const lost = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
      expect([lost.status, lost.body['code']]).toEqual([503, 'provider-unavailable']);
      const seen = await client.json('GET', `/verifications/${requestId}`);
      expect(seen.body).toMatchObject({ status: 'PENDING', attemptsRemaining: 2 });
      expect((await client.json('POST', '/verify-otp', { requestId, otpCode: code })).status).toBe(200);
    },
  );

  it('check: a success whose answer is lost is never guessed', async () => {
    const { client, started, advanceProvider } = application;
    const { requestId, code, phoneNumber } = await started();
    await application.fault({ kind: 'lost-answer', operation: 'check', to: phoneNumber });
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: code })).status).toBe(503);
    const again = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    if (api === 'v2') {
      // Its "gone" may be a success or an expiry, and without webhooks nobody tells.
      expect([again.status, again.body['code']]).toEqual([410, 'expired']);
      expect((await client.json('POST', '/request-otp', { phoneNumber })).status).toBe(200);
      return;
    }
    // v1 can be asked, but says nothing for the first minute after the end.
    expect([again.status, again.body['code']]).toEqual([409, 'check-in-progress']);
    await advanceProvider(61);
    let answer = again;
    while (answer.status === 409) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      answer = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    }
    expect([answer.status, answer.body['status']]).toEqual([200, 'VERIFIED']);
    const third = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([third.status, third.body['code']]).toEqual([409, 'already-verified']);
  });

  it('check: the attempt is given back when the provider did not judge', async () => {
    const { client, started } = application;
    const { requestId, code, phoneNumber } = await started();
    const spec = { kind: 'status', status: 429, operation: 'check', to: phoneNumber };
    await application.fault({ ...spec, retryAfterSeconds: 1 });
    const throttled = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([503, '1']);
    const seen = await client.json('GET', `/verifications/${requestId}`);
    expect(seen.body['attemptsRemaining']).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: code })).status).toBe(200);
  });

  it('resend: a lost answer costs no second message, and the newest code works', async () => {
    const { client, started, sandbox, codeFor, advanceProvider } = application;
    const { requestId, code, phoneNumber } = await started();
    await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    await advanceProvider(31);
    await application.fault({ kind: 'lost-answer', operation: 'start', to: phoneNumber });
    const lost = await client.json('POST', '/resend-otp', { requestId });
    expect([lost.status, lost.body['code']]).toEqual([503, 'provider-unavailable']);
    const waiting = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([waiting.status, waiting.body['code']]).toEqual([409, 'not-ready']);

    await new Promise((resolve) => setTimeout(resolve, 2100));
    const again = await client.json('POST', '/resend-otp', { requestId });
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ attemptsRemaining: 2, actions: expect.arrayContaining(['verify']) });
    expect(sandbox.ledger(phoneNumber)).toHaveLength(2);
    expect(
      (await client.json('POST', '/verify-otp', { requestId, otpCode: codeFor(phoneNumber) })).status,
    ).toBe(200);
  });

  it('a request cancelled while its message was being resent does not block the number', async () => {
    const { client, started, sandbox, codeFor, advanceProvider } = application;
    const { requestId, phoneNumber } = await started();
    await advanceProvider(31);
    await application.fault({
      kind: 'latency',
      latencyMs: 700,
      operation: 'start',
      to: phoneNumber,
      afterEffect: true,
    });
    const resend = client.json('POST', '/resend-otp', { requestId });
    while (sandbox.ledger(phoneNumber).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await client.json('POST', '/cancel-otp', { requestId })).status).toBe(200);
    expect((await resend).body['code']).toBe('cancelled');

    const again = await client.json('POST', '/request-otp', { phoneNumber });
    expect(again.status).toBe(200);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(2);
    const otpCode = codeFor(phoneNumber);
    expect(
      (await client.json('POST', '/verify-otp', { requestId: again.body['requestId'], otpCode })).status,
    ).toBe(200);
  });

  it('shows the phone form again, with the number kept', async () => {
    const { client } = application;
    const phoneNumber = freshNumber();
    await application.fault({ kind: 'reset', operation: 'start', to: phoneNumber });
    const page = await client.html('POST', '/request-otp', { phoneNumber });
    expect(page.status).toBe(503);
    expect(page.text).toContain('We can’t send or check codes right now');
    expect(page.text).toContain(`value="${phoneNumber}"`);
  });
});

describe('when the provider is not there at all', () => {
  it('answers 503, keeps nothing reserved, and works as soon as it is back', async () => {
    const application = await startApplication({ VONAGE_API_HOST: 'http://127.0.0.1:9' });
    try {
      const { client, sql } = application;
      const phoneNumber = freshNumber();
      for (let i = 0; i < 2; i += 1) {
        const answer = await client.json('POST', '/request-otp', { phoneNumber });
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
      }
      const { rows } = await sql.query<{ status: string }>('SELECT status FROM otp_verification_requests');
      expect(rows.map((row) => row.status)).toEqual(['FAILED', 'FAILED']);
    } finally {
      await application.close();
    }
  });
});

describe('when the database is away', () => {
  it('answers 503 with Retry-After, verifies nobody, and recovers', async () => {
    const application = await startApplication();
    try {
      const { client, started, sql } = application;
      const { requestId, code } = await started();
      // Every session is ended at once, as by a restart.
      await sql.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
      // A claim may have been committed by a session that died before it could say so: then its lease runs out first.
      const answers: number[] = [];
      const giveUpAt = Date.now() + 20_000;
      while (!answers.includes(200) && Date.now() < giveUpAt) {
        answers.push((await client.json('POST', '/verify-otp', { requestId, otpCode: code })).status);
        if (answers.at(-1) !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(answers.at(-1)).toBe(200);
      expect(answers.slice(0, -1).every((status) => status === 409 || status === 503)).toBe(true);
      const again = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
      expect([again.status, again.body['code']]).toEqual([409, 'already-verified']);
    } finally {
      await application.close();
    }
  });
});
