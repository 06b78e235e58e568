import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sandboxUnderTest } from './sandbox-under-test.js';
import { until } from './until.js';

export const SECRET = 'a-signature-secret-of-32-letters';

interface Received {
  body: any;
  claims: any;
  contentType: string | undefined;
}

/** What gets the webhooks: checks each signature, answers as told, and keeps what it got. */
async function startReceiver() {
  const received: Received[] = [];
  /** For the next calls, in order; then 204. 0: no answer, the connection is reset. */
  const answers: number[] = [];
  const server = createServer((request, response) => {
    void read(request).then((bytes) => {
      received.push({
        body: JSON.parse(bytes.toString('utf8')),
        claims: verified(request.headers.authorization, bytes),
        contentType: request.headers['content-type'],
      });
      const status = answers.shift() ?? 204;
      if (status === 0) request.socket.resetAndDestroy();
      else response.writeHead(status, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`,
    received,
    answers,
    /** The bodies about one request, events before the summary: Vonage promises no order. */
    about: (id: string): any[] =>
      received
        .map(({ body }) => body)
        .filter(({ request_id }) => request_id === id)
        .sort((a, b) => rank(a) - rank(b)),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

const rank = ({ type, triggered_at }: any) => (type === 'summary' ? Infinity : Date.parse(triggered_at));

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** @returns the claims, or what is wrong */
function verified(authorization = '', bytes: Buffer): unknown {
  const [, header = '', claims = '', signature] = /^Bearer (.+)\.(.+)\.(.+)$/.exec(authorization) ?? [];
  if (createHmac('sha256', SECRET).update(`${header}.${claims}`).digest('base64url') !== signature) {
    return 'wrong signature';
  }
  const decoded = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
  const hash = createHash('sha256').update(bytes).digest('hex');
  return decoded.payload_hash === hash ? decoded : 'wrong hash';
}

/** A sandbox that sends its webhooks to a receiver, and short ways to have some sent. */
export async function webhooksUnderTest() {
  const receiver = await startReceiver();
  const t = await sandboxUnderTest({ webhook: { url: receiver.url, secret: SECRET } });
  const start = async (to: string, more: object = {}): Promise<string> =>
    (await t.v2Start(to, more)).body.request_id;
  const check = (id: string, code: string) => t.call('POST', `/v2/verify/${id}`, { code });
  const deliveries = (id: string) => t.sandbox.webhooks().filter(({ requestId }) => requestId === id);
  return {
    ...t,
    receiver,
    start,
    check,
    deliveries,
    /** A request that succeeds at once. */
    complete: async () => {
      const to = t.freshNumber();
      const id = await start(to);
      await check(id, t.newest(to).code);
      return id;
    },
    /** What the receiver got about a request, once it got everything. */
    told: async (id: string) => {
      await until(() => deliveries(id).some(({ type }) => type === 'summary'));
      await until(() => deliveries(id).every(({ state }) => state === 'delivered'));
      return receiver.about(id);
    },
    close: async () => {
      await t.sandbox.close();
      await receiver.close();
    },
  };
}
export type WebhooksUnderTest = Awaited<ReturnType<typeof webhooksUnderTest>>;
