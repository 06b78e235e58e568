import { Vonage } from '@vonage/server-sdk';
import { sandboxUnderTest, type SandboxUnderTest, wrong } from '../../test/support/sandbox-under-test.js';

const problem = (status: number, fragment: string, title: string, detail: string, extra: object = {}) => ({
  status,
  body: {
    type: `https://developer.vonage.com/api-errors#${fragment}`,
    title,
    detail,
    instance: expect.any(String),
    ...extra,
  },
});
const concurrent = (extra: object = {}) =>
  problem(
    409,
    'concurrent',
    'Conflict',
    'Concurrent verifications to the same number are not allowed.',
    extra,
  );
const notFound = (id: string) =>
  problem(404, 'not-found', 'Not Found', `Request ${id} was not found or it has been verified already.`);

describe('Verify v2', () => {
  let t: SandboxUnderTest;
  beforeAll(async () => {
    t = await sandboxUnderTest();
  });
  afterAll(() => t.sandbox.close());

  const startAt = async (to: string, more: object = {}): Promise<string> =>
    (await t.v2Start(to, more)).body.request_id;
  const check = (id: string, code: unknown) => t.call('POST', `/v2/verify/${id}`, { code });
  const cancel = (id: string) => t.call('DELETE', `/v2/verify/${id}`);
  const next = (id: string) => t.call('POST', `/v2/verify/${id}/next_workflow`);
  it('starts with 202 and a UUID, completes with 200, and is then unknown', async () => {
    const to = t.freshNumber();
    const started = await t.v2Start(to, { code_length: 6, client_ref: 'abc123', locale: 'en-gb' });
    expect(started).toMatchObject({
      status: 202,
      body: { request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    const id = started.body.request_id;
    const { code, text } = t.newest(to);
    expect(text).toBe(`Acme code: ${code}. Valid for 3 minutes.`);
    expect(code).toMatch(/^\d{6}$/);
    expect(await check(id, code)).toMatchObject({
      status: 200,
      body: { request_id: id, status: 'completed' },
    });
    const again = await check(id, code);
    expect(again).toMatchObject(notFound(id));
    expect(again.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('answers a second start with a conflict that names the request in flight', async () => {
    const to = t.freshNumber();
    const id = await startAt(to);
    expect(await t.v2Start(to)).toMatchObject(concurrent({ request_id: id }));
    expect(t.sandbox.ledger(to)).toHaveLength(1);
  });

  it('takes three wrong codes, then no right one', async () => {
    const to = t.freshNumber();
    const id = await startAt(to);
    const { code } = t.newest(to);
    const mismatch = problem(
      400,
      'invalid-code',
      'Invalid Code',
      'The code you provided does not match the expected value.',
    );
    expect(await check(id, wrong(code))).toMatchObject(mismatch);
    expect(await check(id, wrong(code))).toMatchObject(mismatch);
    expect(await check(id, wrong(code))).toMatchObject(
      problem(
        410,
        'expired',
        'Invalid Code',
        'An incorrect code has been provided too many times. Workflow terminated.',
      ),
    );
    expect((await check(id, code)).status).toBe(404);
  });

  it('cancels only after 30 seconds', async () => {
    const to = t.freshNumber();
    const id = await startAt(to);
    expect(await cancel(id)).toMatchObject(
      problem(409, 'conflict', 'Conflict', 'The request cannot be cancelled within the first 30 seconds.'),
    );
    await t.advance(31);
    expect(await cancel(id)).toMatchObject({ status: 204, body: null });
    expect(await cancel(id)).toMatchObject(notFound(id));
    expect((await t.v2Start(to)).status).toBe(202);
  });

  it('starts the next step when one times out, dated when it was due, and expires with the last', async () => {
    const to = t.freshNumber();
    const id = await startAt(to, {
      workflow: [
        { channel: 'sms', to },
        { channel: 'voice', to },
      ],
      channel_timeout: 60,
    });
    const first = t.newest(to);
    await t.advance(100);
    const second = t.newest(to);
    expect(second.channel).toBe('voice');
    expect(Date.parse(second.sentAt) - Date.parse(first.sentAt)).toBe(60_000);
    expect((await next(id)).body.detail).toBe('There are no more events left to trigger.');
    await t.advance(20);
    expect((await check(id, second.code)).status).toBe(404);
  });

  it('goes to the next step when asked, and repeats the code if the step says so', async () => {
    const to = t.freshNumber();
    const id = await startAt(to, {
      workflow: [
        { channel: 'voice', to },
        { channel: 'sms', to, reuse_code: true },
      ],
    });
    expect(await next(id)).toMatchObject({ status: 200, body: null });
    const [first, second] = t.sandbox.ledger(to);
    expect(second).toMatchObject({ channel: 'sms', code: first?.code });
  });

  it('has no code to check during silent authentication', async () => {
    const to = t.freshNumber();
    const started = await t.v2Start(to, {
      workflow: [
        { channel: 'silent_auth', to },
        { channel: 'sms', to },
      ],
    });
    expect(started.body.check_url).toContain(started.body.request_id);
    expect(await check(started.body.request_id, '1234')).toMatchObject(
      problem(409, 'no-code', 'Conflict', 'The current Verify workflow step does not support a code.'),
    );
    expect(t.sandbox.ledger(to)).toEqual([]);
    await t.advance(60);
    expect((await check(started.body.request_id, t.newest(to).code)).status).toBe(200);
  });

  it.each([
    ['brand', { brand: undefined }],
    ['brand', { brand: 'a/b' }],
    ['workflow', { workflow: [] }],
    ['workflow[0].channel', { workflow: [{ channel: 'pigeon', to: '14155552671' }] }],
    ['workflow[0].to', { workflow: [{ channel: 'sms', to: '+14155552671' }] }],
    ['channel_timeout', { channel_timeout: 14 }],
    ['channel_timeout', { channel_timeout: 901 }],
    ['code_length', { code_length: 11 }],
    ['client_ref', { client_ref: 'a-b' }],
    ['locale', { locale: 'English' }],
  ])('names the invalid parameter %s', async (name, more) => {
    expect(await t.v2Start(t.freshNumber(), more)).toMatchObject(
      problem(422, 'invalid-params', 'Invalid params', 'The value of one or more parameters is invalid.', {
        invalid_parameters: [{ name, reason: expect.any(String) }],
      }),
    );
  });

  it.each(['not-a-uuid', '..%2F..', 'ffffffffffffffffffffffffffffffff'])(
    'knows no request %s',
    async (id) => {
      expect((await check(id, '1234')).status).toBe(404);
      expect((await cancel(id)).status).toBe(404);
      expect((await next(id)).status).toBe(404);
    },
  );

  it('takes a bearer token, and nothing without credentials', async () => {
    const body = { brand: 'Acme', workflow: [{ channel: 'sms', to: t.freshNumber() }] };
    const start = (authorization: string) => t.call('POST', '/v2/verify', body, { authorization });
    expect((await start('Bearer a.b.c')).status).toBe(202);
    for (const bad of ['', 'Basic', `Basic ${Buffer.from('key-only').toString('base64')}`, 'Bearer']) {
      expect(await start(bad)).toMatchObject(
        problem(401, 'unauthorized', 'Unauthorized', 'You did not provide correct credentials'),
      );
    }
  });

  it.each([
    ['01', 429, 'throttled'],
    ['02', 422, 'invalid-params'],
    ['03', 422, 'invalid-params'],
    ['04', 401, 'unauthorized'],
    ['05', 500, 'internal-error'],
    ['06', 422, 'invalid-params'],
    ['08', 402, 'low-balance'],
    ['09', 402, 'low-balance'],
    ['10', 409, 'concurrent'],
    ['11', 409, 'concurrent'],
    ['15', 412, 'precondition-failed'],
    ['20', 422, 'invalid-params'],
    ['29', 402, 'low-balance'],
  ])('start to magic number …%s: %i, and sends nothing', async (ending, status, fragment) => {
    const to = `120255501${ending}`;
    const answer = await t.v2Start(to);
    expect(answer.status).toBe(status);
    expect(answer.body.type).toMatch(new RegExp(`#${fragment}$`));
    expect(t.sandbox.ledger(to)).toEqual([]);
  });

  it('accepts a blocked number, sends nothing, and has ended the request', async () => {
    const id = await startAt('12025550107');
    expect(t.sandbox.ledger('12025550107')).toEqual([]);
    expect((await check(id, '1234')).status).toBe(404);
  });

  it('works with the real SDK', async () => {
    const { verify2: client } = new Vonage({ apiKey: 'k', apiSecret: 's' }, { apiHost: t.sandbox.url });
    // With key and secret, which its types hide.
    Object.assign(client, { authType: 'basic' });
    const to = t.freshNumber();
    const { requestId } = await client.newRequest({
      brand: 'Acme',
      workflow: [{ channel: 'sms', to }],
    } as never);
    const { code } = t.newest(to);
    await expect(client.checkCode(requestId, wrong(code))).rejects.toMatchObject({
      response: { status: 400 },
    });
    expect(await client.nextWorkflow(requestId)).toBe(false);
    expect(await client.cancel(requestId)).toBe(false);
    expect(await client.checkCode(requestId, code)).toBe('completed');

    const two = await client.newRequest({
      brand: 'Acme',
      workflow: [
        { channel: 'sms', to },
        { channel: 'voice', to },
      ],
    } as never);
    expect(await client.nextWorkflow(two.requestId)).toBe(true);
  });
});
