import { sandboxUnderTest } from '../../test/support/sandbox-under-test.js';
import { until } from '../../test/support/until.js';
import { SECRET, webhooksUnderTest, type WebhooksUnderTest } from '../../test/support/webhooks-under-test.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('deliveries of webhooks', () => {
  let t: WebhooksUnderTest;
  beforeEach(async () => {
    t = await webhooksUnderTest();
  });
  afterEach(() => t.close());

  it('are signed for the account over the exact bytes', async () => {
    const id = await t.complete();
    await t.told(id);
    expect(t.receiver.received).toHaveLength(2);
    for (const { claims, contentType } of t.receiver.received) {
      expect(contentType).toBe('application/json');
      expect(claims).toEqual({
        iat: expect.any(Number),
        jti: expect.stringMatching(UUID),
        iss: 'Vonage',
        payload_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        api_key: 'abcdef01',
      });
      expect(Math.abs(claims.iat - Date.now() / 1000)).toBeLessThan(60);
    }
  });

  it('are sent again until the answer is 2xx, each by itself, signed anew', async () => {
    t.receiver.answers.push(500, 302, 0);
    const id = await t.complete();
    await t.told(id);
    expect(t.receiver.received).toHaveLength(5);
    expect(t.deliveries(id).map(({ lastAnswer }) => lastAnswer)).toEqual([204, 204]);
    expect(t.deliveries(id).reduce((sum, { attempts }) => sum + attempts, 0)).toBe(5);
    expect(new Set(t.receiver.received.map(({ claims }) => claims.jti)).size).toBe(5);
    expect(new Set(t.receiver.received.map(({ claims }) => claims.payload_hash)).size).toBe(2);
  });

  it('are given up after ten tries; skipped time does not have to be waited for', async () => {
    t.receiver.answers.push(...Array.from({ length: 20 }, () => 503));
    const id = await t.complete();
    const failed = () => t.deliveries(id).every(({ state }) => state === 'failed');
    while (!failed()) {
      await t.advance(10);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(t.deliveries(id)).toMatchObject([
      { attempts: 10, lastAnswer: 503 },
      { attempts: 10, lastAnswer: 503 },
    ]);
  });

  it('go out twice if told, and in any order', async () => {
    t.sandbox.sendWebhooksTo({ url: t.receiver.url, secret: SECRET, duplicate: true, shuffle: true });
    const id = await t.complete();
    await until(() => t.receiver.about(id).length === 4);
    expect(t.receiver.about(id).map(({ type }) => type)).toEqual(['event', 'event', 'summary', 'summary']);
    expect(new Set(t.receiver.received.map(({ claims }) => claims.jti)).size).toBe(4);
  });

  it('can be listed and replayed over HTTP', async () => {
    const id = await t.complete();
    await t.told(id);
    const listed = await t.call('GET', '/webhooks');
    expect(listed.body).toEqual(t.sandbox.webhooks());
    expect(listed.body).toMatchObject([
      { requestId: id, type: 'event', status: 'completed', state: 'delivered', attempts: 1, lastAnswer: 204 },
      { requestId: id, type: 'summary', body: t.receiver.about(id)[1] },
    ]);
    const replayed = await t.call('POST', '/webhooks/replay', { id: listed.body[1].id, times: 3 });
    expect(replayed.status).toBe(202);
    await until(() => t.receiver.received.length === 5);
    expect(t.receiver.about(id).map(({ type }) => type)).toEqual(['event', ...Array(4).fill('summary')]);
    expect(new Set(t.receiver.received.map(({ claims }) => claims.jti)).size).toBe(5);
    expect((await t.call('POST', '/webhooks/replay', { id: 'none' })).status).toBe(404);
  });

  it('take their target over HTTP, and say what is wrong with it', async () => {
    expect((await t.call('POST', '/webhooks', { url: null })).status).toBe(204);
    await t.complete();
    expect(t.sandbox.webhooks()).toEqual([]);
    expect((await t.call('POST', '/webhooks/replay', { id: '1' })).status).toBe(409);

    const set = { url: t.receiver.url, secret: SECRET };
    for (const [field, bad] of [
      ['url', { ...set, url: 'ftp://localhost/' }],
      ['url', { ...set, url: 'nowhere' }],
      ['secret', { url: t.receiver.url }],
      ['body', { ...set, twice: true }],
    ] as const) {
      const answer = await t.call('POST', '/webhooks', bad);
      expect([field, answer.status, answer.body.issues?.[0]?.field]).toEqual([field, 400, field]);
    }
    expect((await t.call('POST', '/webhooks', set)).status).toBe(204);
    await t.told(await t.complete());
  });

  it('are told under the sandbox’s own key when the caller shows a token', async () => {
    const other = await sandboxUnderTest({ apiKey: 'k1', webhook: { url: t.receiver.url, secret: SECRET } });
    const body = { brand: 'Acme', workflow: [{ channel: 'sms', to: '12025550107' }] };
    await other.call('POST', '/v2/verify', body, { authorization: 'Bearer a.b.c' });
    await until(() => t.receiver.received.length === 2);
    expect(t.receiver.received[0]?.claims.api_key).toBe('k1');
    await other.sandbox.close();
  });

  it('end with a reset: nothing is pending, nothing is listed, the target stays', async () => {
    t.receiver.answers.push(...Array.from({ length: 20 }, () => 500));
    const id = await t.complete();
    const attempts = () => t.deliveries(id).reduce((sum, delivery) => sum + delivery.attempts, 0);
    // None is on its way: what the receiver got by now is all it may get.
    await until(() => attempts() >= 2 && attempts() === t.receiver.received.length);
    t.sandbox.reset();
    const before = t.receiver.received.length;
    expect(t.sandbox.webhooks()).toEqual([]);
    t.receiver.answers.length = 0;
    await t.advance(60);
    await t.told(await t.complete());
    expect(t.receiver.about(id)).toHaveLength(before);
  });

  it('leave no timer when the sandbox closes, also with retries pending', async () => {
    const spies = [jest.spyOn(globalThis, 'setInterval'), jest.spyOn(globalThis, 'setTimeout')];
    t.receiver.answers.push(...Array.from({ length: 20 }, () => 500));
    await t.start(t.freshNumber());
    const id = await t.complete();
    await until(() => t.deliveries(id).every(({ lastAnswer }) => lastAnswer === 500));
    // How often the book is looked at, and the waits before retries.
    const running = () =>
      spies
        .flatMap(({ mock }) => mock.calls.map(([, ms = 0], i) => ({ ms, timer: mock.results[i]?.value })))
        .filter(({ ms }) => [250, 200, 400, 800, 1600].includes(ms))
        .filter(({ timer }) => !(timer as { _destroyed: boolean })._destroyed).length;
    expect(running()).toBeGreaterThan(0);
    await t.sandbox.close();
    await until(() => t.deliveries(id).every(({ state }) => state === 'dropped'));
    expect(running()).toBe(0);
    spies.forEach((spy) => spy.mockRestore());
  });
});
