import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import type { VerificationProvider } from '../verification-provider.js';
import type { Fault } from '../outcomes.js';
import { VonageV1Provider } from './vonage-v1.provider.js';
import { VonageV2Provider } from './vonage-v2.provider.js';

/** Answers of Vonage, documented and broken, replayed at the adapters over a real socket and through the real SDK. */
const ID = 'abcdef0123456789abcdef0123456789';
const START = {
  phoneNumber: '+14155552671',
  channel: 'sms',
  codeLength: 6,
  ttlSeconds: 300,
  clientReference: 'ref1',
} as const;
type Operation = 'start' | 'check' | 'cancel' | 'next' | 'lookup';

let server: Server;
let respond: RequestListener;
let received: { method: string; url: string; headers: Record<string, unknown>; body: string }[] = [];
let options: ConstructorParameters<typeof VonageV1Provider>[0];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      respond(request, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  options = {
    apiKey: 'key',
    apiSecret: 's3cret',
    brand: 'ACME',
    timeoutMs: 10_000,
    apiHost: `http://127.0.0.1:${port}/`,
  };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  received = [];
});

const json =
  (status: number, body: unknown, type = 'application/json'): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'Content-Type': type });
    response.end(JSON.stringify(body));
  };

function call(provider: VerificationProvider, operation: Operation) {
  switch (operation) {
    case 'start':
      return provider.start(START);
    case 'check':
      return provider.check(ID, '123456');
    case 'cancel':
      return provider.cancel(ID);
    case 'next':
      return provider.next(ID);
    case 'lookup':
      return provider.lookup!(ID);
  }
}

describe('Verify v1', () => {
  const fault = (kind: string, status: string) => ({
    outcome: 'fault',
    fault: kind,
    detail: `status ${status}`,
  });
  const everywhere: [Operation, object, object][] = (
    ['start', 'check', 'cancel', 'next', 'lookup'] as const
  ).flatMap((operation): [Operation, object, object][] => [
    [operation, { status: '1', error_text: 'Throttled' }, fault('throttled', '1')],
    [operation, { status: '2', error_text: 'Missing api_key' }, fault('bad-request', '2')],
    [operation, { status: '4', error_text: 'Bad credentials' }, fault('misconfigured', '4')],
    [operation, { status: '5', error_text: 'Internal Error' }, fault('unknown-outcome', '5')],
    [operation, { status: '8' }, fault('misconfigured', '8')],
    [operation, { status: '77' }, fault('unknown-outcome', '77')],
  ]);

  it.each<[Operation, object, object]>([
    ...everywhere,
    ['start', { request_id: ID, status: '0' }, { outcome: 'started', providerRequestId: ID }],
    [
      'start',
      { status: '3', error_text: 'Invalid value for number' },
      { outcome: 'destination-rejected', why: 'invalid' },
    ],
    ['start', { status: '3', error_text: 'Invalid value for brand' }, fault('bad-request', '3')],
    [
      'start',
      { status: '6', error_text: 'could not be routed' },
      { outcome: 'destination-rejected', why: 'unroutable' },
    ],
    ['start', { status: '7', network: '25503' }, { outcome: 'fraud-blocked', network: '25503' }],
    ['start', { status: '9' }, fault('misconfigured', '9')],
    ['start', { request_id: ID, status: '10' }, { outcome: 'already-pending', providerRequestId: ID }],
    ['start', { status: '10' }, { outcome: 'already-pending' }],
    ['start', { request_id: '../../account', status: '10' }, { outcome: 'already-pending' }],
    ['start', { status: '15' }, { outcome: 'destination-rejected', why: 'unsupported' }],
    ['start', { status: '20' }, fault('misconfigured', '20')],
    ['start', { status: '29' }, fault('misconfigured', '29')],
    [
      'check',
      { request_id: ID, status: '0', price: '0.10000000', currency: 'EUR' },
      { outcome: 'matched', cost: { amount: '0.10000000', currency: 'EUR' } },
    ],
    ['check', { status: '3', error_text: 'Invalid value for param: request_id' }, fault('bad-request', '3')],
    ['check', { status: '6' }, { outcome: 'gone' }],
    ['check', { status: '16' }, { outcome: 'mismatched' }],
    ['check', { status: '17' }, { outcome: 'exhausted' }],
    ['cancel', { status: '0', command: 'cancel' }, { outcome: 'cancelled' }],
    ['cancel', { status: '6' }, { outcome: 'gone' }],
    [
      'cancel',
      { status: '19', error_text: "can't be cancelled within the first 30 seconds." },
      { outcome: 'too-early' },
    ],
    [
      'cancel',
      { status: '19', error_text: "can't be cancelled now. Too many attempts" },
      { outcome: 'too-late' },
    ],
    ['next', { status: '0', command: 'trigger_next_event' }, { outcome: 'sent' }],
    ['next', { status: '19', error_text: 'No more events are left' }, { outcome: 'no-more' }],
    ['next', { status: '6' }, { outcome: 'gone' }],
    ['lookup', { request_id: ID, status: 'IN PROGRESS' }, { outcome: 'pending' }],
    ['lookup', { request_id: ID, status: 'SUCCESS', checks: [{ code: '123456' }] }, { outcome: 'verified' }],
    ['lookup', { request_id: ID, status: 'FAILED' }, { outcome: 'failed' }],
    ['lookup', { request_id: ID, status: 'EXPIRED' }, { outcome: 'expired' }],
    ['lookup', { request_id: ID, status: 'CANCELLED' }, { outcome: 'cancelled' }],
    ['lookup', { status: '101', error_text: 'No response found' }, { outcome: 'unknown' }],
  ])('%s answered %j', async (operation, body, expected) => {
    respond = json(200, body);
    expect(await call(new VonageV1Provider(options), operation)).toEqual(expected);
  });

  it.each<[string, object]>([
    ['no status', { request_id: ID }],
    ['a numeric status', { request_id: ID, status: 0 }],
    ['an empty object', {}],
    ['a success without a request', { status: '0' }],
    ['a success of another request', { status: '0', request_id: 'f'.repeat(32) }],
    ['a list', [{ status: '0', request_id: ID }]],
  ])('a check answered with %s is never a success', async (_name, body) => {
    respond = json(200, body);
    expect(await new VonageV1Provider(options).check(ID, '123456')).toMatchObject({
      fault: 'unknown-outcome',
    });
  });

  it('sends what the account pays for: one text with a code of the asked length', async () => {
    respond = json(200, { request_id: ID, status: '0' });
    await new VonageV1Provider(options).start({ ...START, locale: 'de-de' });
    expect(received[0]).toMatchObject({ method: 'POST', url: '/verify/json' });
    expect(received[0]!.headers['authorization']).toBe(
      `Basic ${Buffer.from('key:s3cret').toString('base64')}`,
    );
    expect(JSON.parse(received[0]!.body)).toEqual({
      number: '14155552671',
      brand: 'ACME',
      code_length: 6,
      pin_expiry: 300,
      workflow_id: '6',
      lg: 'de-de',
    });
  });
});

describe('Verify v2', () => {
  const detail = (text: string) => ({ title: 'x', detail: text });
  const fault = (kind: string, status: number) => ({
    outcome: 'fault',
    fault: kind,
    detail: `http ${status}`,
  });
  const everywhere = (['start', 'check', 'cancel', 'next'] as const).flatMap(
    (operation): [Operation, number, object, object][] => [
      [operation, 401, detail('You did not provide correct credentials'), fault('misconfigured', 401)],
      [operation, 402, detail('your account balance being low'), fault('misconfigured', 402)],
      [operation, 403, detail('not enabled'), fault('misconfigured', 403)],
      [operation, 429, detail('Please wait, then retry your request'), fault('throttled', 429)],
      [operation, 500, detail('There was an error'), fault('unknown-outcome', 500)],
      [operation, 503, {}, fault('unknown-outcome', 503)],
      [operation, 307, {}, fault('unknown-outcome', 307)],
    ],
  );
  const toInvalid = { invalid_parameters: [{ name: 'workflow[0].to', reason: 'invalid' }] };

  it.each<[Operation, number, object, object]>([
    ...everywhere,
    ['start', 202, { request_id: ID }, { outcome: 'started', providerRequestId: ID }],
    [
      'start',
      202,
      { check_url: 'x' },
      { outcome: 'fault', fault: 'unknown-outcome', detail: 'started without a request id' },
    ],
    ['start', 409, { request_id: ID }, { outcome: 'already-pending', providerRequestId: ID }],
    ['start', 409, {}, { outcome: 'already-pending' }],
    ['start', 412, {}, { outcome: 'destination-rejected', why: 'unsupported' }],
    ['start', 422, toInvalid, { outcome: 'destination-rejected', why: 'invalid' }],
    ['start', 422, { invalid_parameters: [{ name: 'brand' }] }, fault('bad-request', 422)],
    ['start', 422, {}, fault('bad-request', 422)],
    ['check', 200, { request_id: ID, status: 'completed' }, { outcome: 'matched' }],
    ['check', 400, detail('does not match the expected value.'), { outcome: 'mismatched' }],
    ['check', 404, detail('was not found or it has been verified already.'), { outcome: 'gone' }],
    [
      'check',
      409,
      detail('The current Verify workflow step does not support a code.'),
      { outcome: 'not-checkable-now' },
    ],
    ['check', 410, detail('provided too many times. Workflow terminated.'), { outcome: 'exhausted' }],
    ['cancel', 204, {}, { outcome: 'cancelled' }],
    ['cancel', 404, {}, { outcome: 'gone' }],
    ['next', 200, {}, { outcome: 'sent' }],
    ['next', 404, {}, { outcome: 'gone' }],
    ['next', 409, detail('There are no more events left to trigger.'), { outcome: 'no-more' }],
    [
      'next',
      409,
      detail('cannot be performed at this time. Please try again later.'),
      { outcome: 'retry-later' },
    ],
  ])('%s answered %i %j', async (operation, status, body, expected) => {
    respond = status === 204 ? (_request, response) => response.writeHead(204).end() : json(status, body);
    expect(await call(new VonageV2Provider(options), operation)).toEqual(expected);
  });

  it('a next step that answers 200 without a body was sent', async () => {
    respond = (_request, response) => response.writeHead(200).end();
    expect(await new VonageV2Provider(options).next(ID)).toEqual({ outcome: 'sent' });
  });

  it.each<[string, object]>([
    ['no status', { request_id: ID }],
    ['another status', { request_id: ID, status: 'pending' }],
    ['a status of v1', { request_id: ID, status: '0' }],
    ['another request', { request_id: 'f'.repeat(32), status: 'completed' }],
    ['no request', { status: 'completed' }],
  ])('a check answered 200 with %s is never a success', async (_name, body) => {
    respond = json(200, body);
    expect(await new VonageV2Provider(options).check(ID, '123456')).toMatchObject({
      fault: 'unknown-outcome',
    });
  });

  it('obeys Retry-After', async () => {
    respond = (_request, response) => response.writeHead(429, { 'Retry-After': '9' }).end('{}');
    expect(await new VonageV2Provider(options).start(START)).toMatchObject({
      fault: 'throttled',
      retryAfterSeconds: 9,
    });
  });

  it('obeys a Retry-After that is a date', async () => {
    const date = new Date(Date.now() + 30_000).toUTCString();
    respond = (_request, response) => response.writeHead(429, { 'Retry-After': date }).end('{}');
    const { retryAfterSeconds } = (await new VonageV2Provider(options).start(START)) as Fault;
    expect(retryAfterSeconds).toBeGreaterThan(20);
    expect(retryAfterSeconds).toBeLessThanOrEqual(30);
  });

  it('sends one step with our reference', async () => {
    respond = json(202, { request_id: ID });
    await new VonageV2Provider(options).start({ ...START, channel: 'voice', locale: 'de-de' });
    expect(received[0]).toMatchObject({ method: 'POST', url: '/v2/verify' });
    expect(JSON.parse(received[0]!.body)).toEqual({
      brand: 'ACME',
      workflow: [{ channel: 'voice', to: '14155552671' }],
      channel_timeout: 300,
      code_length: 6,
      client_ref: 'ref1',
      locale: 'de-de',
    });
  });

  it('names the template for texts, and not for calls, which have none', async () => {
    respond = json(202, { request_id: ID });
    const templateId = '8f35a1a7-eb2f-4552-8fdf-fffdaee41bc9';
    const provider = new VonageV2Provider({ ...options, templateId });
    await provider.start({ ...START, channel: 'sms' });
    await provider.start({ ...START, channel: 'voice' });
    expect(received.map(({ body }) => JSON.parse(body).template_id)).toEqual([templateId, undefined]);
  });
});

describe.each(['v1', 'v2'])('an answer that is none (%s)', (api) => {
  const create = (more = {}) =>
    api === 'v1'
      ? new VonageV1Provider({ ...options, ...more })
      : new VonageV2Provider({ ...options, ...more });
  const whole = JSON.stringify({ request_id: ID, status: api === 'v1' ? '0' : 'completed' });
  const broken: [string, RequestListener][] = [
    [
      'an empty 200',
      (_request, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(),
    ],
    [
      'HTML',
      (_request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>0</html>'),
    ],
    ['null', json(200, null)],
    ['a text', json(200, 'completed')],
    [
      'truncated JSON with a length',
      (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 99 });
        response.write(whole.slice(0, 20));
        setTimeout(() => response.destroy(), 20);
      },
    ],
    [
      'truncated JSON in chunks',
      (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(whole.slice(0, 20));
      },
    ],
    ['a reset', (request) => request.socket.resetAndDestroy()],
    ['silence', () => undefined],
    [
      'a body that stops',
      (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.write(whole.slice(0, 20));
      },
    ],
    [
      'a body without end',
      (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const more = () => response.destroyed || (response.write('x'.repeat(65_536)), setImmediate(more));
        more();
      },
    ],
  ];

  it.each(broken)('%s is an unknown outcome on every operation', async (_name, listener) => {
    respond = listener;
    const operations: Operation[] = [
      'start',
      'check',
      'cancel',
      ...(api === 'v1' ? (['next', 'lookup'] as const) : []),
    ];
    for (const operation of operations) {
      expect(await call(create({ timeoutMs: 300 }), operation)).toMatchObject({
        outcome: 'fault',
        fault: 'unknown-outcome',
      });
    }
  });

  it('a refused connection is certain: nothing was sent', async () => {
    const outcome = await create({ apiHost: 'http://127.0.0.1:9' }).start(START);
    expect(outcome).toMatchObject({ outcome: 'fault', fault: 'unavailable' });
  });

  it('does not follow a redirect with the credentials', async () => {
    respond = (_request, response) => response.writeHead(307, { Location: '/elsewhere' }).end();
    await create().start(START);
    expect(received).toHaveLength(1);
  });

  it('tells no credential and no number', async () => {
    const seen: unknown[] = [];
    for (const listener of [...broken.map(([, each]) => each), json(401, { detail: 'key s3cret' })]) {
      respond = listener;
      const provider = create({ timeoutMs: 300 });
      seen.push(await provider.start(START), await provider.check(ID, '123456'));
    }
    const told = inspect(seen, { depth: 9 });
    expect(told).not.toMatch(/s3cret|Basic|4155552671|123456/);
  });
});
