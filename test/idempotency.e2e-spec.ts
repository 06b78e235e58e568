import { freshNumber, startApplication, type TestApplication } from './support/application.js';

describe('Idempotency-Key', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0', VONAGE_TIMEOUT_MS: '2000' });
  });
  afterAll(() => application.close());

  let sequence = 0;
  const newKey = () => `key-${(sequence += 1)}-0198f2c4`;
  const start = (phoneNumber: string, key: string, headers = {}) =>
    application.client.json('POST', '/request-otp', { phoneNumber }, { 'Idempotency-Key': key, ...headers });

  it('the same key and body get the same answer over another connection, also when the request is over', async () => {
    const { client, sandbox, codeFor } = application;
    const [phoneNumber, key] = [freshNumber(), newKey()];
    const first = await start(phoneNumber, key);
    const { requestId } = first.body;
    await client.json('POST', '/verify-otp', { requestId, otpCode: codeFor(phoneNumber) });
    const again = await start(phoneNumber, key, { 'User-Agent': 'another program' });
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
  });

  it('another body is refused', async () => {
    const key = newKey();
    await start(freshNumber(), key);
    const other = await start(freshNumber(), key);
    expect([other.status, other.body['code']]).toEqual([422, 'idempotency-key-reused']);
  });

  it('50 parallel repeats do it once; those that come too early are told when to come again', async () => {
    const { sandbox } = application;
    const [phoneNumber, key] = [freshNumber(), newKey()];
    const answers = await Promise.all(Array.from({ length: 50 }, () => start(phoneNumber, key)));
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
    const busy = answers.filter(({ status }) => status === 409);
    expect(answers.filter(({ status }) => status === 200).length + busy.length).toBe(50);
    for (const answer of busy) {
      expect(answer.body['code']).toBe('idempotency-key-in-use');
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await start(phoneNumber, key)).status).toBe(200);
  });

  it('a resend repeated with its key sends one message', async () => {
    const { client, started, sandbox, advanceProvider } = application;
    const { requestId, phoneNumber } = await started();
    await advanceProvider(31);
    const resend = () => client.json('POST', '/resend-otp', { requestId }, { 'Idempotency-Key': 'resend-1' });
    const first = await resend();
    await advanceProvider(31);
    expect((await resend()).body).toEqual(first.body);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(2);
  });

  it('a lasting refusal is repeated, a passing one is tried again', async () => {
    const { sandbox } = application;
    const key = newKey();
    const before = sandbox.calls().start;
    const refused = await start('+12025550103', key);
    expect((await start('+12025550103', key)).body).toEqual(refused.body);
    expect(sandbox.calls().start).toBe(before + 1);

    const [phoneNumber, other] = [freshNumber(), newKey()];
    await application.fault({ kind: 'reset', operation: 'start', to: phoneNumber });
    expect((await start(phoneNumber, other)).status).toBe(503);
    expect((await start(phoneNumber, other)).status).toBe(200);
  });

  it('another caller’s key is another key', async () => {
    const key = newKey();
    const cookie = (letter: string) => ({ Cookie: `otp-caller=${letter.repeat(22)}` });
    const [anna, berta] = [
      await start(freshNumber(), key, cookie('a')),
      await start(freshNumber(), key, cookie('b')),
    ];
    expect([anna.status, berta.status]).toEqual([200, 200]);
  });

  it('a key that is none is refused', async () => {
    for (const key of ['', ' ', 'a b', 'x'.repeat(256)]) {
      const answer = await start(freshNumber(), key);
      expect([key, answer.status, answer.body['code']]).toEqual([key, 400, 'invalid-input']);
    }
  });

  it('works for forms too', async () => {
    const { client } = application;
    const phoneNumber = freshNumber();
    const send = () => client.html('POST', '/request-otp', { phoneNumber }, { 'Idempotency-Key': 'form-1' });
    const first = await send();
    const again = await send();
    const idOf = (text: string) => /name="requestId" value="([^"]+)"/.exec(text)?.[1];
    expect([again.status, idOf(again.text)]).toEqual([200, idOf(first.text)]);
  });

  it('keeps no number in the clear', async () => {
    const { rows } = await application.sql.query<{ line: string }>(
      'SELECT t::text AS line FROM otp_idempotency_keys t',
    );
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.map(({ line }) => line).join()).not.toMatch(/1415556\d{4}/);
  });
});
