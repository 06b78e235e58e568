import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { testEnvironment } from './support/environment.js';
import { times } from './support/times.js';
import { until } from './support/until.js';
import { createApp } from '../src/app.setup.js';
import { loadConfig } from '../src/config/index.js';

/** When the sandbox was called, as it saw it itself: the most calls in any second. */
function mostInOneSecond(moments: number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  return Math.max(0, ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 1000).length));
}

describe('the pace of the account', () => {
  it('is kept by all instances together, below Vonage’s 30 calls a second', async () => {
    const pace = { VONAGE_REQUESTS_PER_SECOND: '20' };
    const application = await startApplication(pace);
    const others = await times(2, async () => {
      const config = loadConfig(testEnvironment(application, pace));
      const app = await createApp(config, {
        databaseUrl: application.databaseUrl,
        vonageApiHost: application.sandbox.url,
      });
      await app.listen(0, '127.0.0.1');
      return app;
    });
    try {
      const urls = [application.url, ...(await Promise.all(others.map((app) => app.getUrl())))];
      const statuses = await times(90, async (index) => {
        const answer = await fetch(`${urls[index % 3]}/request-otp`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
          body: JSON.stringify({ phoneNumber: freshNumber() }),
        });
        return [answer.status, answer.headers.get('retry-after')];
      });
      const messages = application.sandbox.ledger().map(({ sentAt }) => Date.parse(sentAt));
      expect(mostInOneSecond(messages)).toBeLessThan(30);
      // It is no brake either, and who is not served at once is told when to come again.
      expect(messages.length).toBeGreaterThanOrEqual(30);
      expect(statuses.filter(([status]) => status === 200)).toHaveLength(messages.length);
      for (const [status, retryAfter] of statuses) {
        if (status !== 200) expect([status, retryAfter]).toEqual([503, '2']);
      }
    } finally {
      for (const app of others) await app.close();
      await application.close();
    }
  });

  it('stops for everybody when Vonage asks for it', async () => {
    const application = await startApplication({ VONAGE_REQUESTS_PER_SECOND: '25' });
    try {
      const { client, fault, sandbox } = application;
      const phoneNumber = freshNumber();
      await fault({ kind: 'status', status: 429, operation: 'start', to: phoneNumber, retryAfterSeconds: 2 });
      const refused = await client.json('POST', '/request-otp', { phoneNumber });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
      const calls = sandbox.calls().start;
      const other = await client.json('POST', '/request-otp', { phoneNumber: freshNumber() });
      expect(other.status).toBe(503);
      expect(sandbox.calls().start).toBe(calls);
      await until(async () => (await client.json('POST', '/request-otp', { phoneNumber })).status === 200);
      expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
    } finally {
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
