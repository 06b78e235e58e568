import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { furtherInstances } from './support/instances.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';
import { times } from './support/times.js';
import { until } from './support/until.js';
import { ProviderPacer } from '../src/verification/provider/provider-pacer.js';

/** When the sandbox was called, as it saw it itself: the most calls in any second. */
function mostInOneSecond(moments: number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  return Math.max(0, ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 1000).length));
}

const start = ({ client }: TestApplication) =>
  client.json('POST', '/request-otp', { phoneNumber: freshNumber() });

const sentAt = ({ sandbox }: TestApplication) => sandbox.ledger().map(({ sentAt: at }) => Date.parse(at));

const PER_SECOND = 20;
/** Longer than a lane of the account stays closed. */
const CALM_MS = 1500;

describe('the pace of the account', () => {
  // The time-out is long enough for a busy machine: every message that the sandbox counts was also answered.
  const pace = { VONAGE_REQUESTS_PER_SECOND: String(PER_SECOND), VONAGE_TIMEOUT_MS: '20000' };
  let application: TestApplication;
  let proxy: TcpProxy;
  /** Its database is behind the proxy. */
  let slow: TestApplication;
  let third: TestApplication;
  let closeOthers: () => Promise<void>;

  beforeAll(async () => {
    application = await startApplication(pace);
    const { hostname: host, port } = new URL(application.databaseUrl);
    proxy = await startTcpProxy({ host, port: Number(port || 5432) });
    const behind = { ...application, databaseUrl: proxy.through(application.databaseUrl) };
    const [ofProxy, direct] = [
      await furtherInstances(behind, 1, pace),
      await furtherInstances(application, 1, pace),
    ];
    slow = ofProxy.all[1]!;
    third = direct.all[1]!;
    closeOthers = async () => {
      await ofProxy.close();
      await direct.close();
    };
  });
  afterEach(async () => {
    proxy.mode({ kind: 'pass' });
    await sleep(CALM_MS);
  });
  afterAll(async () => {
    await closeOthers();
    await proxy.close();
    await application.close();
  });

  it.each([0, 60, 150, 400])(
    'refuses nobody on an idle system when the database answers %i ms later each way',
    async (ms) => {
      proxy.mode({ kind: 'delay', ms });
      const answers = await times(10, () => start(slow));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    },
  );

  it('refuses nobody on a calm system whose event loop is late', async () => {
    // Busy for 50 ms of every 60.
    const busy = setInterval(() => {
      const freeAt = performance.now() + 50;
      while (performance.now() < freeAt);
    }, 60);
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 12; i += 1) statuses.push((await start(application)).status);
      expect(statuses).toEqual(Array(12).fill(200));
    } finally {
      clearInterval(busy);
    }
  });

  it('is never exceeded in any second by three instances together, and is no brake', async () => {
    const instances = [application, slow, third];
    const before = sentAt(application).length;
    const answers = await times(90, (index) => start(instances[index % 3]!));
    const sent = sentAt(application).slice(before);
    expect(mostInOneSecond(sent)).toBeLessThanOrEqual(PER_SECOND);
    expect(sent.length).toBeGreaterThanOrEqual(30);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(sent.length);
    // Callers who are not served at once learn when to retry.
    for (const { status, headers } of answers) {
      if (status !== 200) expect([status, headers.get('retry-after')]).toEqual([503, '2']);
    }
  });

  it('is all there for one instance when the others are idle', async () => {
    const statuses = (await times(PER_SECOND, () => start(third))).map(({ status }) => status);
    expect(statuses).toEqual(Array(PER_SECOND).fill(200));
  });

  it('is not made up for by an instance whose share arrived too late to be used', async () => {
    const admittedAt: number[] = [];
    const admit = async (pacer: ProviderPacer) => {
      const ended = await pacer.admit();
      if (ended) admittedAt.push(performance.now());
      ended?.();
    };
    const [late, punctual] = [slow, application].map(
      ({ app }) => new ProviderPacer(app.get(DataSource), 'an account of this test', PER_SECOND),
    ) as [ProviderPacer, ProviderPacer];
    // Its leases have ended before it hears of them.
    proxy.mode({ kind: 'delay', ms: 1700 });
    const held = times(10, () => admit(late));
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([times(PER_SECOND, () => admit(punctual)), sleep(800)]);
    }
    await held;
    proxy.mode({ kind: 'pass' });
    await times(PER_SECOND, () => admit(late));
    expect(admittedAt.length).toBeGreaterThan(PER_SECOND * 2);
    expect(mostInOneSecond(admittedAt)).toBeLessThanOrEqual(PER_SECOND);
  });

  it('begins anew when a crash of Postgres has emptied its unlogged table', async () => {
    expect((await start(application)).status).toBe(200);
    await application.app.get(DataSource).query('TRUNCATE otp_provider_lanes');
    expect((await start(application)).status).toBe(200);
  });

  it('gives parallel claims of one instance different lanes', async () => {
    const dataSource = slow.app.get(DataSource);
    const pacer = new ProviderPacer(dataSource, 'an account of its own', PER_SECOND);
    (await pacer.admit())!();
    // Ten connections, so that only the claims are slow.
    await times(10, () => dataSource.query('SELECT pg_sleep(0.2)'));
    // The database answers a second later: a claim that came back empty could not be made again in time.
    proxy.mode({ kind: 'delay', ms: 500 });
    const admitted = await times(10, () => pacer.admit());
    expect(admitted).not.toContain(null);
  });

  it('stops for everybody when Vonage asks for it', async () => {
    const { client, fault, sandbox } = application;
    const phoneNumber = freshNumber();
    // Both have used their part of the pace a moment ago.
    await Promise.all([start(application), start(third)]);
    await fault({ kind: 'status', status: 429, operation: 'start', to: phoneNumber, retryAfterSeconds: 4 });
    const refused = await client.json('POST', '/request-otp', { phoneNumber });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '4']);
    const calls = sandbox.calls().start;
    for (const instance of [application, third]) expect((await start(instance)).status).toBe(503);
    expect(sandbox.calls().start).toBe(calls);
    await until(async () => (await start(third)).status === 200, { withinMs: 5000 });
    await until(async () => (await client.json('POST', '/request-otp', { phoneNumber })).status === 200);
    expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
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
