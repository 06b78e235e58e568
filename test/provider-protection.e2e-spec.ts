import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { furtherInstances } from './support/instances.js';
import { startTcpProxy } from './support/tcp-proxy.js';
import { times } from './support/times.js';
import { until } from './support/until.js';

const proxyTarget = (databaseUrl: string) => {
  const { hostname, port } = new URL(databaseUrl);
  return { host: hostname, port: Number(port || 5432) };
};

/** When the sandbox was called, as it saw it itself: the most calls in any second. */
function mostInOneSecond(moments: number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  return Math.max(0, ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 1000).length));
}

const start = ({ client }: TestApplication) =>
  client.json('POST', '/request-otp', { phoneNumber: freshNumber() });

const sentAt = ({ sandbox }: TestApplication) => sandbox.ledger().map(({ sentAt: at }) => Date.parse(at));

describe('the pace of the account', () => {
  it('is never exceeded in any second by three instances together', async () => {
    const pace = { VONAGE_REQUESTS_PER_SECOND: '20' };
    const application = await startApplication(pace);
    const { all, close } = await furtherInstances(application, 2, pace);
    try {
      const answers = await times(90, (index) => start(all[index % 3]!));
      const served = answers.filter(({ status }) => status === 200);
      expect(mostInOneSecond(sentAt(application))).toBeLessThanOrEqual(20);
      // It is no brake either, and callers who are not served at once learn when to retry.
      expect(served.length).toBeGreaterThanOrEqual(30);
      expect(served).toHaveLength(sentAt(application).length);
      for (const { status, headers } of answers) {
        if (status !== 200) expect([status, headers.get('retry-after')]).toEqual([503, '2']);
      }
      // One instance alone gets all of it: nothing is set aside for the others.
      await until(async () => (await start(all[1]!)).status === 200);
      await sleep(1500);
      expect((await times(20, () => start(all[2]!))).map(({ status }) => status)).toEqual(Array(20).fill(200));
      expect(mostInOneSecond(sentAt(application))).toBeLessThanOrEqual(20);
    } finally {
      await close();
      await application.close();
    }
  });

  it('is not made up for by an instance that was suspended while it held part of it', async () => {
    const pace = { VONAGE_REQUESTS_PER_SECOND: '10' };
    const application = await startApplication(pace);
    const proxy = await startTcpProxy(proxyTarget(application.databaseUrl));
    const behind = { ...application, databaseUrl: proxy.through(application.databaseUrl) };
    const { all, close } = await furtherInstances(behind, 1, pace);
    try {
      await start(all[1]!);
      await sleep(1500);
      // Its leases arrive when they have already ended, and the other instance uses the whole limit meanwhile.
      proxy.mode({ kind: 'delay', ms: 1700 });
      const late = times(5, () => start(all[1]!));
      for (let round = 0; round < 6; round += 1) await Promise.all([times(5, () => start(application)), sleep(600)]);
      await late;
      expect(mostInOneSecond(sentAt(application))).toBeLessThanOrEqual(10);
    } finally {
      proxy.mode({ kind: 'pass' });
      await close();
      await proxy.close();
      await application.close();
    }
  });

  it('refuses nobody on an idle system, however slow the database is', async () => {
    const pace = { VONAGE_REQUESTS_PER_SECOND: '20' };
    const application = await startApplication(pace);
    const proxy = await startTcpProxy(proxyTarget(application.databaseUrl));
    const behind = { ...application, databaseUrl: proxy.through(application.databaseUrl) };
    const { all, close } = await furtherInstances(behind, 1, pace);
    try {
      for (const ms of [0, 60, 150, 400]) {
        proxy.mode({ kind: 'delay', ms });
        const answers = await times(10, () => start(all[1]!));
        expect([ms, ...answers.map(({ status }) => status)]).toEqual([ms, ...Array<number>(10).fill(200)]);
        await sleep(1500);
      }
    } finally {
      proxy.mode({ kind: 'pass' });
      await close();
      await proxy.close();
      await application.close();
    }
  });

  it('refuses nobody on a calm system whose event loop is late', async () => {
    const application = await startApplication({ VONAGE_REQUESTS_PER_SECOND: '20' });
    // Busy for 50 ms of every 60.
    const busy = setInterval(() => {
      const until = performance.now() + 50;
      while (performance.now() < until);
    }, 60);
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 12; i += 1) {
        statuses.push((await start(application)).status);
      }
      expect(statuses).toEqual(Array(12).fill(200));
    } finally {
      clearInterval(busy);
      await application.close();
    }
  });

  it('stops for everybody when Vonage asks for it', async () => {
    const pace = { VONAGE_REQUESTS_PER_SECOND: '25' };
    const application = await startApplication(pace);
    const { all, close } = await furtherInstances(application, 1, pace);
    try {
      const { client, fault, sandbox } = application;
      const other = all[1]!;
      const phoneNumber = freshNumber();
      // Both have used their part of the pace a moment ago.
      await Promise.all(all.map(start));
      await fault({ kind: 'status', status: 429, operation: 'start', to: phoneNumber, retryAfterSeconds: 4 });
      const refused = await client.json('POST', '/request-otp', { phoneNumber });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '4']);
      const calls = sandbox.calls().start;
      for (const instance of all) expect((await start(instance)).status).toBe(503);
      expect(sandbox.calls().start).toBe(calls);
      await until(async () => (await start(other)).status === 200, { withinMs: 5000 });
      await until(async () => (await client.json('POST', '/request-otp', { phoneNumber })).status === 200);
      expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
    } finally {
      await close();
      await application.close();
    }
  });
});

describe('a provider that is down', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ VONAGE_FAILURES_BEFORE_BREAK: '5', VONAGE_TIMEOUT_MS: '1000' });
  });
  afterAll(() => application.close());

  it('is left alone after five failures, answered for at once, tried one call at a time, and used again when it is back', async () => {
    const { client, fault, sandbox, url } = application;
    await fault({ kind: 'black-hole', times: 'always' });
    await times(5, () => client.json('POST', '/request-otp', { phoneNumber: freshNumber() }));
    const calls = () => sandbox.calls().start;
    const before = calls();

    const began = Date.now();
    const refused = await times(200, () =>
      client.json('POST', '/request-otp', { phoneNumber: freshNumber() }),
    );
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
    for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    // 200 calls at one second each, had they been made.
    expect(calls() - before).toBeLessThanOrEqual(Math.ceil((Date.now() - began) / 1000) + 1);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);

    await fetch(`${sandbox.url}/faults`, { method: 'DELETE' });
    await until(
      async () => (await client.json('POST', '/request-otp', { phoneNumber: freshNumber() })).status === 200,
      { withinMs: 10_000 },
    );
  });

  it('costs nobody an attempt: a check that was not made is not counted', async () => {
    const { client, started, fault, sandbox } = application;
    const requests = await times(7, () => started());
    await fault({ kind: 'status', status: 503, operation: 'check', times: 'always' });
    for (const { requestId, code } of requests) {
      await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    }
    const last = requests.at(-1)!;
    const seen = await client.json('GET', `/verifications/${last.requestId}`);
    expect(seen.body['attemptsRemaining']).toBe(3);
    await fetch(`${sandbox.url}/faults`, { method: 'DELETE' });
    await until(
      async () => {
        const answer = await client.json('POST', '/verify-otp', {
          requestId: last.requestId,
          otpCode: last.code,
        });
        return answer.status === 200;
      },
      { withinMs: 12_000 },
    );
  });

  it('whose answers are refusals is not down: wrong codes and bad numbers break nothing', async () => {
    const { client, started } = application;
    for (let i = 0; i < 8; i += 1) {
      const answer = await client.json('POST', '/request-otp', { phoneNumber: '+12025550106' });
      expect(answer.status).not.toBe(503);
    }
    const { requestId, code } = await started();
    expect((await client.json('POST', '/verify-otp', { requestId, otpCode: code })).status).toBe(200);
  });
});
