import { gzipSync } from 'node:zlib';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';

describe('bad input costs nothing: no attempt, no message, no call of the provider', () => {
  let application: TestApplication;
  let requestId: string;
  let checksBefore: number;
  const json = (body: string) => ({
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body,
  });
  const form = (body: string) => ({
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    body,
  });

  beforeAll(async () => {
    application = await startApplication();
    ({ requestId } = await application.started());
    checksBefore = application.sandbox.calls().check;
  });
  afterAll(() => application.close());

  const id = () => requestId;
  it.each<[string, () => { headers: Record<string, string>; body: string }, number]>([
    ['no code', () => json(JSON.stringify({ requestId: id() })), 400],
    ['a blank code', () => json(JSON.stringify({ requestId: id(), otpCode: '' })), 400],
    ['white space as code', () => json(JSON.stringify({ requestId: id(), otpCode: ' \u00a0\t' })), 400],
    ['null as code', () => json(JSON.stringify({ requestId: id(), otpCode: null })), 400],
    ['a number as code', () => json(JSON.stringify({ requestId: id(), otpCode: 123456 })), 400],
    ['true as code', () => json(JSON.stringify({ requestId: id(), otpCode: true })), 400],
    [
      'an array of codes',
      () => json(JSON.stringify({ requestId: id(), otpCode: ['123456', '654321'] })),
      400,
    ],
    ['an object as code', () => json(JSON.stringify({ requestId: id(), otpCode: { $ne: '' } })), 400],
    ['an array as body', () => json(JSON.stringify([{ requestId: id(), otpCode: '123456' }])), 400],
    ['text as body', () => json('"123456"'), 400],
    ['null as body', () => json('null'), 400],
    ['no body', () => json(''), 400],
    ['broken JSON', () => json('{"requestId":'), 400],
    ['__proto__', () => json(`{"requestId":"${id()}","otpCode":"123456","__proto__":{"admin":true}}`), 400],
    ['constructor', () => json(`{"requestId":"${id()}","otpCode":"123456","constructor":{}}`), 400],
    ['__proto__ in a form', () => form(`requestId=${id()}&otpCode=123456&__proto__=x`), 400],
    ['a doubled code', () => form(`requestId=${id()}&otpCode=123456&otpCode=654321`), 400],
    ['a doubled request', () => form(`requestId=${id()}&requestId=${id()}&otpCode=123456`), 400],
    ['code[]', () => form(`requestId=${id()}&otpCode[]=123456`), 400],
    ['otpCode[a]', () => form(`requestId=${id()}&otpCode[a]=123456`), 400],
    [
      'a malformed request id',
      () => json(JSON.stringify({ requestId: '../../v2/verify', otpCode: '123456' })),
      400,
    ],
    ['a NUL in the code', () => json(JSON.stringify({ requestId: id(), otpCode: '12345\u0000' })), 400],
    ['superscript digits', () => json(JSON.stringify({ requestId: id(), otpCode: '12345½' })), 400],
    ['a megabyte', () => json(JSON.stringify({ requestId: id(), otpCode: '1'.repeat(1_000_000) })), 413],
    ['15,000-deep JSON', () => json(`${'['.repeat(15_000)}${']'.repeat(15_000)}`), 413],
    ['1,500 parameters', () => form(Array.from({ length: 1500 }, (_, i) => `a${i}=1`).join('&')), 413],
  ])('%s', async (_name, init, status) => {
    const answer = await application.client.send('POST', '/verify-otp', init());
    expect(answer.status).toBe(status);
    expect(answer.body['code']).toBe(status === 413 ? 'payload-too-large' : 'invalid-input');
  });

  it('a gzip bomb', async () => {
    const body = gzipSync(Buffer.alloc(5_000_000, 'a'));
    const answer = await application.client.send('POST', '/verify-otp', {
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip', Accept: 'application/json' },
      body,
    });
    expect(answer.status).toBe(413);
  });

  it('bad queries and paths', async () => {
    const { client } = application;
    expect((await client.json('GET', '/verify-otp')).status).toBe(400);
    expect((await client.json('GET', `/verify-otp?requestId=${id()}&requestId=${id()}`)).status).toBe(400);
    expect((await client.json('GET', '/verifications/not-an-id')).body['code']).toBe('unknown-request');
    expect((await client.json('GET', '/verifications/%ff')).status).toBe(400);
  });

  it('numbers that are none', async () => {
    const { client, sandbox } = application;
    const bad = [
      '+1415555267',
      '+14155552671x12',
      '+14155552671;ext=12',
      'call me',
      '+1 415 555 2671\u0000',
      '+14155552671\n+14155552672',
      '+1900 555 1234',
      '+18005551234',
      '+442079460000',
      '1'.repeat(64),
      '+',
      '<script>',
    ];
    const before = sandbox.calls().start;
    for (const phoneNumber of bad) {
      const answer = await client.json('POST', '/request-otp', { phoneNumber });
      expect([phoneNumber, answer.status]).toEqual([phoneNumber, 422]);
    }
    expect(sandbox.calls().start).toBe(before);
  });

  it('countries, channels and languages that are none', async () => {
    const { client } = application;
    for (const fields of [{ country: 'ZZ' }, { country: ['US'] }, { channel: 'pigeon' }, { locale: 7 }]) {
      const answer = await client.json('POST', '/request-otp', { phoneNumber: freshNumber(), ...fields });
      expect([fields, answer.status, answer.body['code']]).toEqual([fields, 400, 'invalid-input']);
    }
  });

  it('leaves the request as it was', async () => {
    const { body } = await application.client.json('GET', `/verifications/${requestId}`);
    expect(body).toMatchObject({ status: 'PENDING', attemptsRemaining: 3 });
    expect(application.sandbox.calls().check).toBe(checksBefore);
  });
});

describe('every spelling of a number is one number', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  it('starts one request and sends one message', async () => {
    const { client, sandbox } = application;
    const spellings: Record<string, string>[] = [
      { phoneNumber: '+14155552671' },
      { phoneNumber: '14155552671' },
      { phoneNumber: '0014155552671' },
      { phoneNumber: '+1 (415) 555-2671' },
      { phoneNumber: '1-415-555-2671', country: 'US' },
      { phoneNumber: '1.415.555.2671', country: 'US' },
      { phoneNumber: '00 1 415 555 2671', country: 'DE' },
      { phoneNumber: 'tel:+1-415-555-2671' },
      { phoneNumber: '\u202a+1 415 555 2671\u202c' },
      { phoneNumber: '+1\u00a0415\u2011555\u20112671' },
      { phoneNumber: '＋１４１５５５５２６７１' },
      { phoneNumber: '+١٤١٥٥٥٥٢٦٧١' },
      { phoneNumber: '(415) 555-2671', country: 'US' },
      { phoneNumber: '011 1 415 555 2671', country: 'US' },
      { phoneNumber: '+1 415 555 2671', country: 'DE' },
      { phoneNumber: '415 555 2671', country: 'us' },
    ];
    const ids = new Set<unknown>();
    for (const spelling of spellings) {
      const answer = await client.json('POST', '/request-otp', spelling);
      expect([spelling, answer.status]).toEqual([spelling, 200]);
      ids.add(answer.body['requestId']);
    }
    expect(ids.size).toBe(1);
    expect(sandbox.ledger('14155552671')).toHaveLength(1);
  });
});
