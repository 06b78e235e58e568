import { VerificationReconciler, VerificationService } from '../src/index.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';

describe('wrong codes are counted over all requests of a number and of a user', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ WRONG_CODES_BEFORE_LOCK: '9' });
  });
  afterAll(() => application.close());

  const wrong = async (requestId: string, code: string) =>
    application.client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
  const waitIsOver = (phoneNumber: string) =>
    application.sql.query(
      `UPDATE otp_number_slots g SET wait_until = clock_timestamp()
         FROM otp_verification_requests r
        WHERE r.phone_fingerprint = g.phone_fingerprint AND r.phone_last_digits = $1
          AND g.wrong_codes > 0 AND g.phone_fingerprint = (
            SELECT phone_fingerprint FROM otp_verification_requests ORDER BY created_at DESC LIMIT 1)`,
      [phoneNumber.slice(-2)],
    );

  /** As many wrong codes as asked for, over as many requests as that takes. */
  const guess = async (phoneNumber: string, count: number) => {
    const { client, codeFor } = application;
    let last = await client.json('POST', '/request-otp', { phoneNumber });
    for (let done = 0; done < count;) {
      const requestId = last.body['requestId'] as string;
      const answer = await wrong(requestId, codeFor(phoneNumber));
      if (answer.status === 422 || answer.status === 410) done += 1;
      if (done === count) return answer;
      await waitIsOver(phoneNumber);
      if (answer.status === 410) last = await client.json('POST', '/request-otp', { phoneNumber });
    }
    throw new Error('unreachable');
  };

  it('the fifth in a row brings a wait of 30 seconds, for starts, checks and resends, and every further one doubles it', async () => {
    const { client, codeFor, sandbox, sql } = application;
    const phoneNumber = freshNumber();
    const start = await client.json('POST', '/request-otp', { phoneNumber });
    for (let i = 0; i < 3; i += 1) await wrong(start.body['requestId'] as string, codeFor(phoneNumber));
    const second = await client.json('POST', '/request-otp', { phoneNumber });
    const requestId = second.body['requestId'] as string;
    await wrong(requestId, codeFor(phoneNumber));
    expect((await wrong(requestId, codeFor(phoneNumber))).status).toBe(422);

    const checks = sandbox.calls().check;
    for (const [path, fields] of [
      ['/verify-otp', { requestId, otpCode: codeFor(phoneNumber) }],
      ['/resend-otp', { requestId }],
    ] as const) {
      const answer = await client.json('POST', path, fields);
      expect([answer.status, answer.body['code']]).toEqual([429, 'rate-limited']);
      const wait = Number(answer.headers.get('retry-after'));
      expect(wait).toBeGreaterThan(20);
      expect(wait).toBeLessThanOrEqual(30);
    }
    expect(sandbox.calls().check).toBe(checks);
    const seen = await client.json('GET', `/verifications/${requestId}`);
    expect(seen.body['attemptsRemaining']).toBe(1);

    await waitIsOver(phoneNumber);
    expect((await wrong(requestId, codeFor(phoneNumber))).status).toBe(410);
    const third = await client.json('POST', '/request-otp', { phoneNumber });
    expect([third.status, third.body['code']]).toEqual([429, 'rate-limited']);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(30);
    const { rows } = await sql.query<{ n: number }>('SELECT max(wrong_codes) AS n FROM otp_number_slots');
    expect(rows[0]!.n).toBe(6);
  });

  it('a right code ends the row', async () => {
    const { client, codeFor } = application;
    const phoneNumber = freshNumber();
    for (let round = 0; round < 3; round += 1) {
      const { body } = await client.json('POST', '/request-otp', { phoneNumber });
      const requestId = body['requestId'] as string;
      for (let i = 0; i < 2; i += 1) expect((await wrong(requestId, codeFor(phoneNumber))).status).toBe(422);
      const right = await client.json('POST', '/verify-otp', { requestId, otpCode: codeFor(phoneNumber) });
      expect(right.status).toBe(200);
    }
  });

  it('too many lock the number, whatever is started anew, until somebody lifts the lock', async () => {
    const { client, codeFor, app } = application;
    const phoneNumber = freshNumber();
    await guess(phoneNumber, 9);
    await waitIsOver(phoneNumber);
    const locked = await client.json('POST', '/request-otp', { phoneNumber });
    expect([locked.status, locked.headers.get('retry-after')]).toEqual([429, '3600']);
    expect(locked.body['detail']).toBe('Too many attempts. Try again in 60 minutes.');

    const service = app.get(VerificationService);
    expect(await service.liftLock({ phoneNumber })).toBe(true);
    expect(await service.liftLock({ phoneNumber })).toBe(false);
    const { body } = await client.json('POST', '/request-otp', { phoneNumber });
    const verified = await client.json('POST', '/verify-otp', {
      requestId: body['requestId'],
      otpCode: codeFor(phoneNumber),
    });
    expect(verified.status).toBe(200);
  });

  it('a lock ends by itself after a day', async () => {
    const { client, app, sql } = application;
    const phoneNumber = freshNumber();
    await guess(phoneNumber, 9);
    const reconciler = app.get(VerificationReconciler);
    const startAfter = async (age: string) => {
      await sql.query(
        `UPDATE otp_number_slots SET wait_until = NULL, locked_at = now() - $1::interval WHERE locked_at IS NOT NULL`,
        [age],
      );
      await reconciler.runOnce();
      return (await client.json('POST', '/request-otp', { phoneNumber })).status;
    };
    expect(await startAfter('23 hours 59 minutes')).toBe(429);
    expect(await startAfter('24 hours 1 second')).toBe(200);
  });

  it('a stranger who locks a number anonymously does not touch its owner’s confirmed factor, nor the reverse', async () => {
    const { codeFor, app, sandbox } = application;
    const phoneNumber = freshNumber();
    await guess(phoneNumber, 9);
    const service = app.get(VerificationService);
    const caller = { userId: 'owner' };
    const start = await service.start({ phoneNumber, confirmed: true, caller });
    expect(start).toMatchObject({ ok: true });
    const messages = sandbox.ledger(phoneNumber).length;
    const checked =
      start.ok && (await service.check({ requestId: start.request.id, caller, code: codeFor(phoneNumber) }));
    expect(checked).toMatchObject({ ok: true });
    expect(messages).toBe(4);
    expect(await service.start({ phoneNumber, caller: {} })).toMatchObject({ code: 'rate-limited' });
  });

  it('a user cannot go on guessing with other numbers and sessions', async () => {
    const { app, codeFor } = application;
    const service = app.get(VerificationService);
    const caller = { userId: 'guesser' };
    const codes: (string | undefined)[] = [];
    for (let i = 0; i < 3; i += 1) {
      const phoneNumber = freshNumber();
      const start = await service.start({ phoneNumber, caller });
      if (!start.ok) {
        codes.push(start.code);
        continue;
      }
      for (let j = 0; j < 3; j += 1) {
        const code = wrongCode(codeFor(phoneNumber));
        const answer = await service.check({ requestId: start.request.id, caller, code });
        codes.push(answer.ok ? 'ok' : answer.code);
      }
    }
    expect(codes).toEqual([
      'wrong-code',
      'wrong-code',
      'attempts-exhausted',
      'wrong-code',
      'wrong-code',
      'rate-limited',
      'rate-limited',
    ]);
    expect(await service.liftLock({ userId: 'guesser' })).toBe(true);
  });

  it('50 parallel wrong codes over many requests of one user cost no more guesses than the wait allows', async () => {
    const { app, codeFor, sandbox } = application;
    const service = app.get(VerificationService);
    const caller = { userId: 'parallel' };
    const phones = Array.from({ length: 10 }, () => freshNumber());
    const started = await Promise.all(phones.map((phoneNumber) => service.start({ phoneNumber, caller })));
    const before = sandbox.calls().check;
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        started.map(async (start, index) =>
          start.ok
            ? service.check({ requestId: start.request.id, caller, code: wrongCode(codeFor(phones[index]!)) })
            : null,
        ),
      );
    }
    // The first round may all be under way before the first of them is counted; after that nothing goes.
    expect(sandbox.calls().check - before).toBeLessThanOrEqual(10);
  });

  it('a wrong code counts also when the request is cancelled while it is being checked', async () => {
    const { client, started, sql, fault } = application;
    const { requestId, code, phoneNumber } = await started();
    await fault({ kind: 'latency', latencyMs: 500, operation: 'check', to: phoneNumber });
    const check = wrong(requestId, code);
    for (;;) {
      const { rows } = await sql.query(
        'SELECT 1 FROM otp_verification_requests WHERE id = $1 AND attempts = 1',
        [requestId],
      );
      if (rows.length > 0) break;
    }
    expect((await client.json('POST', '/cancel-otp', { requestId })).status).toBe(200);
    expect((await check).status).toBe(410);
    const { rows } = await sql.query<{ n: number }>(
      `SELECT g.wrong_codes AS n FROM otp_number_slots g JOIN otp_verification_requests r USING (phone_fingerprint) WHERE r.id = $1`,
      [requestId],
    );
    expect(rows).toEqual([{ n: 1 }]);
  });
});
