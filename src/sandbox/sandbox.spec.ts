import { startSandbox } from './index.js';
import { Ledger } from './ledger.js';
import { sandboxUnderTest, type SandboxUnderTest } from '../../test/support/sandbox-under-test.js';

describe('sandbox', () => {
  let t: SandboxUnderTest;
  beforeAll(async () => {
    t = await sandboxUnderTest();
  });
  afterAll(() => t.sandbox.close());

  it('keeps a ledger of everything sent, to be asked in any spelling of a number', async () => {
    const number = t.freshNumber();
    const id = await t.v1Start(number, { code_length: 6 });
    const entry = {
      providerRequestId: id,
      api: 'v1',
      to: number,
      channel: 'sms',
      text: expect.stringMatching(/^Acme code: \d{6}\. Valid for 5 minutes\.$/),
      code: expect.stringMatching(/^\d{6}$/),
      sentAt: expect.stringMatching(/^\d{4}-.*Z$/),
      locale: 'en-us',
      price: '0.0500',
    };
    for (const to of [number, `%2B${number}`, `+1 ${number.slice(1, 4)} ${number.slice(4)}`]) {
      expect((await t.call('GET', `/ledger?to=${to}`)).body).toEqual([entry]);
    }
    expect((await t.call('GET', '/ledger')).body).toContainEqual(entry);
    expect((await t.call('GET', '/ledger?to=')).status).toBe(400);
  });

  it('counts every call, whatever was answered', async () => {
    const before = t.sandbox.calls();
    const number = t.freshNumber();
    const id = await t.v1Start(number);
    await t.fault({ kind: 'status', operation: 'check', to: number, body: {} });
    for (let i = 0; i < 3; i++) await t.v1('check/', { request_id: id, code: '0000' });
    await t.v1('control/', { request_id: id, cmd: 'trigger_next_event' });
    await t.v1('control/', { request_id: id, cmd: 'cancel' });
    await t.v1('search/', { request_id: id });
    const { body: after } = await t.call('GET', '/calls');
    expect(after.checksByRequest[id]).toBe(3);
    const { start, check, next, cancel, search } = before;
    expect(after).toMatchObject({
      start: start + 1,
      check: check + 3,
      next: next + 1,
      cancel: cancel + 1,
      search: search + 1,
    });
  });

  it('lets time pass, forwards only', async () => {
    const before = Date.parse((await t.call('GET', '/clock')).body.now);
    const { body } = await t.advance(3600);
    expect(Date.parse(body.now) - before).toBeGreaterThanOrEqual(3_600_000);
    expect((await t.advance(-1)).status).toBe(400);
  });

  it('throttles at 30 requests in a second per key, over all operations and both APIs', async () => {
    const own = await sandboxUnderTest({ requestsPerSecond: 30 });
    try {
      const calls = [];
      for (let i = 0; i < 30; i++) calls.push(own.v1('search/', { request_id: 'a' }));
      expect((await Promise.all(calls)).every(({ status }) => status === '101')).toBe(true);
      expect(await own.v1('', { number: own.freshNumber(), brand: 'Acme' })).toEqual({
        status: '1',
        error_text: 'Throttled',
      });
      expect((await own.v2Start(own.freshNumber())).body.detail).toBe('Please wait, then retry your request');
      const otherKey = { authorization: `Basic ${Buffer.from('other:secret').toString('base64')}` };
      expect((await own.call('POST', '/verify/search/json', { request_id: 'a' }, otherKey)).body.status).toBe(
        '101',
      );
      await own.advance(1);
      expect((await own.v2Start(own.freshNumber())).status).toBe(202);
    } finally {
      await own.sandbox.close();
    }
  });

  it('holds callers to the key and secret it was given', async () => {
    const own = await sandboxUnderTest({ apiKey: 'k', apiSecret: 's' });
    try {
      const request = { number: own.freshNumber(), brand: 'Acme' };
      expect(await own.v1('', request)).toEqual({
        status: '4',
        error_text: 'Invalid credentials were provided',
      });
      expect(await own.v1('search/', { request_id: 'a' })).toEqual({
        status: '4',
        error_text: 'Bad credentials',
      });
      expect((await own.v2Start(own.freshNumber())).status).toBe(401);
      const authorization = `Basic ${Buffer.from('k:s').toString('base64')}`;
      expect((await own.call('POST', '/verify/json', request, { authorization })).body.status).toBe('0');
    } finally {
      await own.sandbox.close();
    }
  });

  it('forgets everything on reset, and free numbers are free again', async () => {
    const own = await sandboxUnderTest();
    try {
      const number = own.freshNumber();
      await own.v1Start(number);
      await own.fault({ kind: 'reset', operation: 'check' });
      await own.advance(10);
      expect((await own.call('DELETE', '/ledger')).status).toBe(204);
      expect(own.sandbox.ledger()).toEqual([]);
      expect(own.sandbox.calls()).toEqual({
        start: 0,
        check: 0,
        cancel: 0,
        next: 0,
        search: 0,
        checksByRequest: {},
      });
      expect((await own.call('GET', '/faults')).body).toEqual([]);
      expect((await own.call('GET', '/clock')).body.offsetSeconds).toBe(0);
      expect(await own.v1('', { number, brand: 'Acme' })).toMatchObject({ status: '0' });
    } finally {
      await own.sandbox.close();
    }
  });

  it('says so when its port is in use', async () => {
    await expect(startSandbox({ port: t.sandbox.port })).rejects.toThrow(/port is in use/);
  });

  it('stops at once, with streams open and answers outstanding', async () => {
    const own = await sandboxUnderTest();
    const stream = await fetch(`${own.sandbox.url}/events`);
    await own.fault({ kind: 'black-hole' });
    await own.fault({ kind: 'latency', latencyMs: 60_000 });
    const outstanding = [own.v2Start(own.freshNumber()), own.v2Start(own.freshNumber())].map((call) =>
      call.catch(() => 'cut'),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAt = Date.now();
    await own.sandbox.close();
    await own.sandbox.close();
    expect(Date.now() - startedAt).toBeLessThan(500);
    expect(await Promise.all(outstanding)).toEqual(['cut', 'cut']);
    await stream.body?.cancel().catch(() => undefined);
  });

  it('keeps at most so many messages, the newest', async () => {
    const ledger = new Ledger(10);
    const number = t.freshNumber();
    await t.v1Start(number);
    const entry = t.newest(number);
    for (let i = 0; i < 25; i++) ledger.add({ ...entry, code: String(i) });
    const codes = ledger.list().map(({ code }) => code);
    expect(codes.length).toBeLessThanOrEqual(10);
    expect(codes.at(-1)).toBe('24');
    expect(ledger.list(entry.to)).toEqual(ledger.list());
  });
});
