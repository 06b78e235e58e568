import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import {
  call,
  ID,
  json,
  type Operation,
  replayVonage,
  START,
} from '../../../../test/support/replayed-vonage.js';
import { VonageV1Provider } from './vonage-v1.provider.js';
import { VonageV2Provider } from './vonage-v2.provider.js';

const vonage = replayVonage();

describe.each(['v1', 'v2'])('an answer that is none (%s)', (api) => {
  const create = (more = {}) =>
    api === 'v1'
      ? new VonageV1Provider({ ...vonage.options, ...more })
      : new VonageV2Provider({ ...vonage.options, ...more });
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
    vonage.respond = listener;
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
    vonage.respond = (_request, response) => response.writeHead(307, { Location: '/elsewhere' }).end();
    await create().start(START);
    expect(vonage.received).toHaveLength(1);
  });

  it('tells no credential and no number', async () => {
    const seen: unknown[] = [];
    for (const listener of [...broken.map(([, each]) => each), json(401, { detail: 'key s3cret' })]) {
      vonage.respond = listener;
      const provider = create({ timeoutMs: 300 });
      seen.push(await provider.start(START), await provider.check(ID, '123456'));
    }
    const told = inspect(seen, { depth: 9 });
    expect(told).not.toMatch(/s3cret|Basic|4155552671|123456/);
  });
});
