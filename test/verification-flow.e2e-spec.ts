import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import type { Kind } from './support/client.js';

describe.each(['v2', 'v1'])('a number is proven over Verify %s', (api) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ VONAGE_VERIFY_API: api, RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  it('as JSON: start, wrong code, right code', async () => {
    const { client, sandbox, codeFor } = application;
    const phoneNumber = freshNumber();
    const start = await client.json('POST', '/request-otp', { phoneNumber });
    expect(start.status).toBe(200);
    expect(start.body).toMatchObject({
      status: 'PENDING',
      purpose: 'phone-verification',
      channel: 'sms',
      phoneNumber: `+1 ••• ••• ••${phoneNumber.slice(-2)}`,
      codeLength: 6,
      attemptsRemaining: 3,
      verifiedAt: null,
      actions: ['verify', 'resend', 'cancel'],
    });
    const { requestId } = start.body as { requestId: string };
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
    expect(sandbox.ledger(phoneNumber)[0]!.providerRequestId).not.toBe(requestId);

    const code = codeFor(phoneNumber);
    const wrong = await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    expect([wrong.status, wrong.body['code'], wrong.body['attemptsRemaining']]).toEqual([
      422,
      'wrong-code',
      2,
    ]);

    const right = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect(right.status).toBe(200);
    expect(right.body).toMatchObject({ status: 'VERIFIED', actions: [] });
    expect(right.body['verifiedAt']).not.toBeNull();
    expect((await client.json('GET', `/verifications/${requestId}`)).body).toEqual(right.body);
  });

  it('as pages: the tutorial’s plain form calls', async () => {
    const { client, codeFor } = application;
    const phoneNumber = freshNumber();
    const form = (path: string, body: string) =>
      client.send('POST', path, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body });

    const start = await form('/request-otp', `phoneNumber=${phoneNumber.slice(1)}`);
    expect(start.status).toBe(200);
    expect(start.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const requestId = /name="requestId" value="([^"]+)"/.exec(start.text)?.[1];
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);

    const right = await form('/verify-otp', `requestId=${requestId}&otpCode=${codeFor(phoneNumber)}`);
    expect(right.status).toBe(200);
    expect(right.text).toContain('Phone number verified');
  });

  it('accepts a code once, however it is spelled the second time', async () => {
    const { client, started } = application;
    const { requestId, code } = await started();
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: code })).status).toBe(200);
    const fullWidth = code.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
    for (const otpCode of [code, ` ${code} `, code.replace(/(...)/, '$1-'), fullWidth]) {
      const again = await client.json('POST', '/verify-otp', { requestId, otpCode });
      expect([again.status, again.body['code']]).toEqual([409, 'already-verified']);
    }
  });

  it.each([
    ['spaces', (code: string) => code.split('').join(' ')],
    ['hyphens', (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`],
    ['no-break spaces', (code: string) => `${code.slice(0, 3)}\u00a0${code.slice(3)}`],
    [
      'full-width digits',
      (code: string) => code.replace(/\d/g, (d) => String.fromCodePoint(0xff10 + Number(d))),
    ],
    [
      'Arabic-Indic digits',
      (code: string) => code.replace(/\d/g, (d) => String.fromCodePoint(0x660 + Number(d))),
    ],
    [
      'Devanagari digits',
      (code: string) => code.replace(/\d/g, (d) => String.fromCodePoint(0x966 + Number(d))),
    ],
  ])('takes a code with %s', async (_name, spell) => {
    const { client, started } = application;
    const { requestId, code } = await started();
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: spell(code) })).status).toBe(200);
  });

  it('keeps leading zeros', async () => {
    const { client } = application;
    const start = await client.json('POST', '/request-otp', { phoneNumber: '+12025550180' });
    const { requestId } = start.body;
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: '0' })).body['code']).toBe(
      'invalid-input',
    );
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: '000000' })).status).toBe(200);
  });

  it('ends after three wrong codes, and the right one comes too late', async () => {
    const { client, started, sandbox } = application;
    const { requestId, code, phoneNumber } = await started();
    const answers = [];
    for (let i = 0; i < 4; i += 1) {
      answers.push(
        (await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) })).body['code'],
      );
    }
    expect(answers).toEqual(['wrong-code', 'wrong-code', 'attempts-exhausted', 'attempts-exhausted']);
    const late = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([late.status, late.body['code']]).toEqual([410, 'attempts-exhausted']);
    const providerId = sandbox.ledger(phoneNumber)[0]!.providerRequestId;
    expect(sandbox.calls().checksByRequest[providerId]).toBe(3);
  });

  it('resends with a new code, and does not forget the wrong ones', async () => {
    const { client, started, sandbox, codeFor, advanceProvider } = application;
    const { requestId, code, phoneNumber } = await started();
    await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    await advanceProvider(31);
    const resend = await client.json('POST', '/resend-otp', { requestId });
    expect(resend.status).toBe(200);
    expect(resend.body).toMatchObject({ requestId, status: 'PENDING', attemptsRemaining: 2 });
    expect(sandbox.ledger(phoneNumber)).toHaveLength(2);
    expect(
      (await client.json('POST', '/verify-otp', { requestId, otpCode: codeFor(phoneNumber) })).status,
    ).toBe(200);
  });

  it('calls instead of texting when asked to', async () => {
    const { client, started, sandbox, advanceProvider } = application;
    const { requestId, phoneNumber } = await started();
    await advanceProvider(31);
    const resend = await client.json('POST', '/resend-otp', { requestId, channel: 'voice' });
    expect(resend.body).toMatchObject({ channel: 'voice' });
    expect(sandbox.ledger(phoneNumber).map((message) => message.channel)).toEqual(['sms', 'voice']);
  });

  it('calls a landline, and does not try to text it', async () => {
    const { client, sandbox, codeFor, advanceProvider } = application;
    const phoneNumber = '+442079460000';
    expect((await client.json('POST', '/request-otp', { phoneNumber })).body['code']).toBe(
      'invalid-phone-number',
    );
    const start = await client.json('POST', '/request-otp', { phoneNumber, channel: 'voice' });
    const { requestId } = start.body;
    await advanceProvider(31);
    const text = await client.json('POST', '/resend-otp', { requestId, channel: 'sms' });
    expect([text.status, text.body['code']]).toEqual([422, 'destination-rejected']);
    expect(sandbox.ledger(phoneNumber).map(({ channel }) => channel)).toEqual(['voice']);
    expect(
      (await client.json('POST', '/verify-otp', { requestId, otpCode: codeFor(phoneNumber) })).status,
    ).toBe(200);
  });

  it('asks for a little patience while the provider does not let go of the last message', async () => {
    const { client, started, sandbox } = application;
    const { requestId, phoneNumber, code } = await started();
    const early = await client.json('POST', '/resend-otp', { requestId });
    expect([early.status, early.body['code']]).toEqual([429, 'cooldown']);
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: code })).status).toBe(200);
  });

  it('cancels: the code is worth nothing, also right after the message went out', async () => {
    const { client, started } = application;
    const { requestId, code } = await started();
    const cancelled = await client.json('POST', '/cancel-otp', { requestId });
    expect(cancelled.body).toMatchObject({ status: 'CANCELLED', actions: [] });
    const late = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([late.status, late.body['code']]).toEqual([410, 'cancelled']);
  });

  it('attaches to the message in flight when a cancelled number starts again within 30 seconds', async () => {
    const { client, started, sandbox } = application;
    const { requestId, code, phoneNumber } = await started();
    await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    await client.json('POST', '/cancel-otp', { requestId });
    const again = await client.json('POST', '/request-otp', { phoneNumber });
    expect(again.status).toBe(200);
    expect(again.body['requestId']).not.toBe(requestId);
    expect(again.body['attemptsRemaining']).toBe(2);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
    const right = await client.json('POST', '/verify-otp', {
      requestId: again.body['requestId'],
      otpCode: code,
    });
    expect(right.status).toBe(200);
  });

  it('sends a new message when a cancelled number starts again later', async () => {
    const { client, started, sandbox, advanceProvider } = application;
    const { requestId, phoneNumber } = await started();
    await advanceProvider(31);
    await client.json('POST', '/cancel-otp', { requestId });
    expect((await client.json('POST', '/request-otp', { phoneNumber })).status).toBe(200);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(2);
  });

  it.each<Kind>(['json', 'html'])('starts once for a doubled click (%s)', async (kind) => {
    const { client, sandbox } = application;
    const phoneNumber = freshNumber();
    const headers = { Cookie: 'otp-caller=AAAAAAAAAAAAAAAAAAAAAA' };
    const [first, second] = await Promise.all([
      client.as(kind, 'POST', '/request-otp', { phoneNumber }, headers),
      client.as(kind, 'POST', '/request-otp', { phoneNumber }, headers),
    ]);
    const idOf = (text: string) => /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{22}/.exec(text)?.[0];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(idOf(first.text)).toBe(idOf(second.text));
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
  });

  it('does not accept a code after the request’s time', async () => {
    const { client, started, sql } = application;
    const { requestId, code } = await started();
    await sql.query(
      `UPDATE otp_verification_requests SET expires_at = now() - interval '1 second' WHERE id = $1`,
      [requestId],
    );
    const late = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([late.status, late.body['code']]).toEqual([410, 'expired']);
    const seen = await client.json('GET', `/verifications/${requestId}`);
    expect(seen.body).toMatchObject({ status: 'EXPIRED', actions: [] });
  });
});
