import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../test/support/until.js';
import { sandboxUnderTest, type SandboxUnderTest } from '../../test/support/sandbox-under-test.js';

describe('faults', () => {
  let t: SandboxUnderTest;
  beforeAll(async () => {
    t = await sandboxUnderTest();
  });
  afterAll(() => t.sandbox.close());
  beforeEach(async () => {
    await t.call('DELETE', '/faults');
  });

  const send = (number: string) => {
    const body = JSON.stringify({ number, brand: 'Acme' });
    const socket = connect(t.sandbox.port, '127.0.0.1').setEncoding('utf8');
    socket.write(
      `POST /verify/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic azpz\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    return socket;
  };

  /** The bytes of the answer to a start, until the sandbox ends or resets the connection. */
  const rawStart = (number: string) =>
    new Promise<{ text: string; error?: string }>((resolve) => {
      let text = '';
      const socket = send(number);
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('end', () => resolve({ text }));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve({ text, error: error.code ?? '' }));
    });

  /** The bytes of an answer that never ends. */
  const unfinishedStart = async (number: string, isAllThatComes: (text: string) => boolean) => {
    let text = '';
    const socket = send(number);
    const ended = once(socket, 'close').then(() => 'ended');
    socket.on('data', (chunk) => (text += String(chunk)));
    const used = async () =>
      (await t.call('GET', '/faults')).body.every((fault: { used: number }) => fault.used === 1);
    await until(async () => isAllThatComes(text) && (await used()));
    // Nothing tells that a connection stays open. On a slow machine this finds less, but is never wrong.
    const outcome = await Promise.race([ended, sleep(200, 'open')]);
    socket.destroy();
    return { text, outcome };
  };

  it('reset: nothing happens, the connection is reset', async () => {
    const number = t.freshNumber();
    await t.fault({ kind: 'reset' });
    expect(await rawStart(number)).toEqual({ text: '', error: 'ECONNRESET' });
    expect(t.sandbox.ledger(number)).toEqual([]);
  });

  it('lost-answer: the message goes out, the connection is reset, a second start tells the id', async () => {
    const number = t.freshNumber();
    await t.fault({ kind: 'lost-answer', operation: 'start', to: `+${number}` });
    expect(await rawStart(number)).toEqual({ text: '', error: 'ECONNRESET' });
    const again = await t.v1('', { number, brand: 'Acme' });
    expect(again).toMatchObject({ status: '10', request_id: t.newest(number).providerRequestId });
    expect(t.sandbox.ledger(number)).toHaveLength(1);
  });

  it('latency: the answer is late, the effect before or after', async () => {
    const before = t.freshNumber();
    await t.fault({ kind: 'latency', latencyMs: 1000 });
    const startedAt = performance.now();
    const answer = t.v1('', { number: before, brand: 'Acme' });
    await until(async () => (await t.call('GET', '/faults')).body[0].used === 1);
    expect(t.sandbox.ledger(before)).toEqual([]);
    expect(await answer).toMatchObject({ status: '0' });
    // Node's timers may fire a little early.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(950);
  });

  it('status: HTTP status, Retry-After and body as told', async () => {
    await t.fault({ kind: 'status', status: 429, retryAfterSeconds: 7, api: 'v2', body: { title: 'Rate' } });
    const answer = await t.v2Start(t.freshNumber());
    expect(answer).toMatchObject({ status: 429, body: { title: 'Rate' } });
    expect(answer.headers.get('retry-after')).toBe('7');
    await t.fault({ kind: 'status' });
    expect(await rawStart(t.freshNumber())).toMatchObject({ text: expect.stringMatching(/^HTTP\/1.1 503 /) });
  });

  it('garbage: HTML with status 200', async () => {
    await t.fault({ kind: 'garbage' });
    const { text } = await rawStart(t.freshNumber());
    expect(text).toMatch(/^HTTP\/1.1 200 [^]*content-type: text\/html[^]*<!doctype html>/i);
  });

  it('empty: 200 without a body, with or without the effect', async () => {
    const [without, with_] = [t.freshNumber(), t.freshNumber()];
    await t.fault({ kind: 'empty' });
    await t.fault({ kind: 'empty', afterEffect: true });
    for (const number of [without, with_]) {
      expect((await rawStart(number)).text).toMatch(/^HTTP\/1.1 200 [^]*\r\n\r\n$/);
    }
    expect([t.sandbox.ledger(without).length, t.sandbox.ledger(with_).length]).toEqual([0, 1]);
  });

  it('truncated with a content-length: half of the promised bytes, then the end', async () => {
    const number = t.freshNumber();
    await t.fault({ kind: 'truncated', afterEffect: true });
    const { text } = await rawStart(number);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    expect(body).toMatch(/^\{"request_id":"/);
    expect(Number(/content-length: (\d+)/i.exec(head)?.[1])).toBeGreaterThan(body.length);
    expect(t.sandbox.ledger(number)).toHaveLength(1);
    await expect(
      (async () => {
        await t.fault({ kind: 'truncated' });
        return t.v1('', { number, brand: 'Acme' });
      })(),
    ).rejects.toThrow();
  });

  it('truncated and chunked: half of the answer, no last chunk, then the end', async () => {
    await t.fault({ kind: 'truncated', chunked: true, afterEffect: true });
    const { text } = await rawStart(t.freshNumber());
    expect(text).toMatch(/transfer-encoding: chunked/i);
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  it('stalled and black-hole: half of the answer or nothing, and the connection stays', async () => {
    await t.fault({ kind: 'stalled' });
    const stalled = await unfinishedStart(t.freshNumber(), (text) => /\r\n\r\n\{"/.test(text));
    expect(stalled).toMatchObject({ outcome: 'open', text: expect.not.stringMatching(/\}$/) });
    await t.call('DELETE', '/faults');
    await t.fault({ kind: 'black-hole' });
    expect(await unfinishedStart(t.freshNumber(), () => true)).toEqual({ text: '', outcome: 'open' });
  });

  it('hits only the API, operation and number that it names, as often as told', async () => {
    const number = t.freshNumber();
    const { body } = await t.fault({
      kind: 'status',
      api: 'v1',
      operation: ['check', 'cancel'],
      to: number,
      times: 2,
    });
    expect(body).toMatchObject({ remaining: 2, used: 0 });
    const id = await t.v1Start(number);
    expect((await t.v2Start(number)).status).toBe(202);
    const other = await t.v1Start(t.freshNumber());
    expect(await t.v1('check/', { request_id: other, code: '000000' })).toMatchObject({ status: '16' });
    for (const expected of [503, 503, 200]) {
      const response = await fetch(
        `${t.sandbox.url}/verify/check/json?api_key=k&api_secret=s&request_id=${id}&code=abcd`,
      );
      expect(response.status).toBe(expected);
    }
    const [listed] = (await t.call('GET', '/faults')).body;
    expect(listed).toMatchObject({ id: body.id, remaining: 0, used: 2 });
  });

  it.each([0, 'always'])('times %p lasts until it is removed', async (times) => {
    const { body } = await t.fault({ kind: 'status', status: 500, times });
    for (let i = 0; i < 3; i++) expect((await rawStart(t.freshNumber())).text).toMatch(/^HTTP\/1.1 500 /);
    expect((await t.call('DELETE', `/faults/${body.id}`)).status).toBe(204);
    expect((await t.call('DELETE', `/faults/${body.id}`)).status).toBe(404);
    expect(await t.v1('', { number: t.freshNumber(), brand: 'Acme' })).toMatchObject({ status: '0' });
  });

  it.each([[{}], [{ kind: 'gremlins' }], [{ kind: 'reset', times: -1 }], [{ kind: 'reset', tiems: 1 }]])(
    'refuses %j and says why',
    async (fault) => {
      const { status, body } = await t.fault(fault);
      expect(status).toBe(400);
      expect(body.issues[0]).toEqual({ field: expect.any(String), message: expect.any(String) });
    },
  );
});
