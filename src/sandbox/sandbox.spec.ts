import { Verify } from '@vonage/verify';
import { AuthenticationType } from '@vonage/server-client';
import { Verify2 } from '@vonage/verify2';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { MAGIC_NUMBERS, type Sandbox, startSandbox } from './index.js';

/** The look-alike, asked by the real SDK and by plain HTTP. */
const credentials = { apiKey: 'k', apiSecret: 's' };
class BasicVerify2 extends Verify2 {
  protected override authType = AuthenticationType.BASIC;
}

let sandbox: Sandbox;
let v1: Verify;
let v2: Verify2;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, requestsPerSecond: 0, ...credentials });
  v1 = new Verify(credentials, { apiHost: sandbox.url, timeout: 5000 });
  v2 = new BasicVerify2(credentials, { apiHost: sandbox.url, timeout: 5000 });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.reset());

const NUMBER = '14155552671';
const send = (path: string, body?: object, method = body ? 'POST' : 'GET') =>
  fetch(sandbox.url + path, {
    method,
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Basic ${Buffer.from('k:s').toString('base64')}`,
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
const advance = (seconds: number) => send('/clock', { advanceSeconds: seconds });
const start = (more = {}) =>
  v1.start({ number: NUMBER, brand: 'ACME', ...more }) as Promise<Record<string, string>>;
const check = (id: string, code: string) => v1.check(id, code) as unknown as Promise<Record<string, string>>;
const code = () => sandbox.ledger(NUMBER).at(-1)!.code;
const wrong = () => code().replace(/^./, (digit) => String((Number(digit) + 1) % 10));

describe('Verify v1', () => {
  it('takes form bodies with credentials in them, as Vonage still does', async () => {
    const form = (fields: Record<string, string>) =>
      fetch(`${sandbox.url}/verify/json`, { method: 'POST', body: new URLSearchParams(fields) });
    const fields = { number: NUMBER, brand: 'ACME', code_length: '6', workflow_id: '6' };
    expect(await (await form({ ...fields, api_key: 'k', api_secret: 's' })).json()).toMatchObject({
      status: '0',
    });
    expect(await (await form({ ...fields, api_key: 'k', api_secret: 'no' })).json()).toEqual({
      status: '4',
      error_text: 'Bad credentials',
    });
  });

  it('is as particular about parameters as Vonage', async () => {
    const answer = async (fields: object) =>
      (await (await send('/verify/json', fields)).json()) as { error_text: string };
    expect(await answer({ brand: 'ACME' })).toEqual({ status: '2', error_text: 'Missing number' });
    expect(await answer({ number: NUMBER })).toEqual({ status: '2', error_text: 'Missing brand' });
    for (const [name, value] of [
      ['number', 'abc'],
      ['brand', 'x'.repeat(19)],
      ['code_length', 5],
      ['pin_expiry', 59],
      ['next_event_wait', 901],
      ['workflow_id', 9],
    ] as const) {
      const { error_text } = await answer({ number: NUMBER, brand: 'ACME', [name]: value });
      expect(error_text).toBe(`Invalid value for ${name}`);
    }
  });

  it('makes codes of 4 digits unless told, and a workflow id may be a number or a text', async () => {
    await start({ workflowId: 6 as never });
    expect(code()).toMatch(/^\d{4}$/);
  });

  it('answers a second start with the first one’s id, until it ends', async () => {
    const first = await start({ workflowId: '6' });
    expect(await start()).toMatchObject({ status: '10', request_id: first['request_id'] });
    await advance(301);
    expect(await start()).toMatchObject({ status: '0' });
  });

  it('ends a request after three wrong codes; a regenerated code has three fresh ones', async () => {
    const { request_id: id } = await start({ workflowId: '2' });
    await check(id!, wrong());
    await check(id!, wrong());
    expect(await v1.trigger(id!)).toMatchObject({ status: '0', command: 'trigger_next_event' });
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await check(id!, wrong()))['status']);
    expect(statuses).toEqual(['16', '16', '17', '6']);
  });

  it('sends the next step by itself when its time has come', async () => {
    await start({ workflowId: '4', pinExpiry: 120, nextEventWait: 60 });
    await advance(61);
    expect(sandbox.ledger(NUMBER).map(({ channel }) => channel)).toEqual(['sms', 'voice']);
  });

  it('cannot be cancelled too early, too late, or twice', async () => {
    const { request_id: id } = await start({ workflowId: '2' });
    const cancel = async () => (await v1.cancel(id!)) as unknown as Record<string, string>;
    expect((await cancel())['error_text']).toContain("can't be cancelled within the first 30 seconds.");
    await advance(31);
    await v1.trigger(id!);
    await v1.trigger(id!);
    expect((await cancel())['error_text']).toContain('Too many attempts to re-deliver');
    expect(((await v1.trigger(id!)) as unknown as Record<string, string>)['error_text']).toContain(
      'No more events',
    );
  });

  it('finds a request while it lives and a minute after it ended', async () => {
    const { request_id: id } = await start();
    expect(await v1.search(id!)).toMatchObject({ status: 'IN PROGRESS', number: NUMBER });
    await check(id!, code());
    expect(await v1.search(id!)).toMatchObject({ status: '101', error_text: 'No response found' });
    await advance(61);
    expect(await v1.search(id!)).toMatchObject({ status: 'SUCCESS', checks: [{ status: 'VALID' }] });
  });
});

describe('Verify v2', () => {
  const begin = (more = {}) =>
    send('/v2/verify', { brand: 'ACME', workflow: [{ channel: 'sms', to: NUMBER }], ...more });

  it('starts, conflicts, checks and completes', async () => {
    const { requestId } = await v2.newRequest({
      brand: 'ACME',
      workflow: [{ channel: 'sms', to: NUMBER }],
    } as never);
    const conflict = await begin();
    expect([conflict.status, ((await conflict.json()) as { request_id: string }).request_id]).toEqual([
      409,
      requestId,
    ]);
    expect((await send(`/v2/verify/${requestId}`, { code: wrong() })).status).toBe(400);
    expect(await v2.checkCode(requestId, code())).toBe('completed');
    expect((await send(`/v2/verify/${requestId}`, { code: code() })).status).toBe(404);
  });

  it.each([
    [{ brand: '' }],
    [{ brand: 'a/b' }],
    [{ workflow: [] }],
    [{ workflow: [{ channel: 'pigeon', to: NUMBER }] }],
    [{ workflow: [{ channel: 'sms', to: '+1' }] }],
    [{ channel_timeout: 14 }],
    [{ code_length: 3 }],
    [{ client_ref: 'not-alphanumeric' }],
  ])('refuses %j as invalid parameters', async (change) => {
    const answer = await begin(change);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({
      title: 'Invalid params',
      invalid_parameters: [{ name: expect.any(String) }],
    });
  });

  it('refuses without credentials', async () => {
    expect((await fetch(`${sandbox.url}/v2/verify`, { method: 'POST' })).status).toBe(401);
  });
});

describe('what Vonage does not have', () => {
  it('a ledger in the documented shape, newest last', async () => {
    await start({ codeLength: 6 });
    const entries = (await (await send(`/ledger?to=%2B1 415 555-2671`)).json()) as object[];
    expect(entries).toEqual([
      {
        providerRequestId: expect.stringMatching(/^[0-9a-f]{32}$/),
        api: 'v1',
        to: NUMBER,
        channel: 'sms',
        text: expect.stringContaining('ACME code: '),
        code: expect.stringMatching(/^\d{6}$/),
        sentAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        price: expect.stringMatching(/^\d\.\d{4}$/),
      },
    ]);
    await send('/ledger', undefined, 'DELETE');
    expect(sandbox.ledger()).toEqual([]);
  });

  it('faults that are counted, aimed and removed; nonsense is refused with reasons', async () => {
    expect((await send('/faults', { kind: 'explosion' })).status).toBe(400);
    const fault = await send('/faults', { kind: 'status', status: 503, operation: 'check', times: 2 });
    expect(fault.status).toBe(201);
    const { request_id: id } = await start();
    const statuses = [];
    for (let i = 0; i < 3; i += 1) {
      statuses.push((await send('/verify/check/json', { request_id: id, code: wrong() })).status);
    }
    expect(statuses).toEqual([503, 503, 200]);
    const { id: faultId } = (await (await send('/faults', { kind: 'reset', times: 'always' })).json()) as {
      id: string;
    };
    expect((await send(`/faults/${faultId}`, undefined, 'DELETE')).status).toBe(204);
    expect((await send(`/faults/${faultId}`, undefined, 'DELETE')).status).toBe(404);
    expect(await (await send('/faults')).json()).toEqual([]);
  });

  it('magic numbers that an application lets through to the provider', () => {
    expect(MAGIC_NUMBERS.length).toBeGreaterThan(20);
    for (const { number } of MAGIC_NUMBERS) {
      const parsed = parsePhoneNumberFromString(`+${number}`);
      expect([number, parsed?.isValid(), parsed?.getType()]).toEqual([number, true, 'FIXED_LINE_OR_MOBILE']);
    }
  });

  it('a phone page that escapes what a brand may contain', async () => {
    await start({ brand: '<b>"&' });
    const page = await (await send('/')).text();
    expect(page).toContain('&lt;b&gt;&quot;&amp;');
  });
});

it('throttles at 30 requests a second, as Vonage does', async () => {
  const strict = await startSandbox({ port: 0 });
  try {
    const calls = Array.from({ length: 40 }, () =>
      fetch(`${strict.url}/v2/verify/none`, { method: 'DELETE', headers: { Authorization: 'Basic azpz' } }),
    );
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  } finally {
    await strict.close();
  }
});

it('says which port is taken', async () => {
  await expect(startSandbox({ port: sandbox.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
