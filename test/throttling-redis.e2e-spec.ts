import { Logger } from '@nestjs/common';
import { anotherInstance } from './protection/callers.js';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import type { Client } from './support/client.js';
import { RedisServer, withRedis } from './support/redis-server.js';

withRedis('two instances with a Redis', () => {
  let redis: RedisServer;
  let application: TestApplication;
  let other: Awaited<ReturnType<typeof anotherInstance>>;
  let address = 0;
  /** An address that nobody used before. */
  const someone = () => `203.0.113.${(address += 1)}`;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const env = { REDIS_URL: redis.url, INSTANCES: '2', THROTTLE_ADDRESS: '20/600', TRUST_PROXY: 'loopback' };
    application = await startApplication(env);
    other = await anotherInstance(application, env);
  });
  afterAll(async () => {
    await other?.close();
    await application?.close();
    await redis?.close();
  });

  /** A call that is no message: only the fence is asked. */
  const call = async (client: Client, from: string) => {
    const began = Date.now();
    const { status, headers } = await client.json(
      'POST',
      '/cancel-otp',
      { requestId: 'x' },
      { 'X-Forwarded-For': from },
    );
    return { status, headers, passed: status !== 429, ms: Date.now() - began };
  };
  /** A few at once: what is tried here is the counting, not the machine. */
  const calls = async (count: number, from: string) => {
    const answers: Awaited<ReturnType<typeof call>>[] = [];
    while (answers.length < count)
      answers.push(...(await callsAtOnce(Math.min(8, count - answers.length), from)));
    return answers;
  };
  const callsAtOnce = (count: number, from: string) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => call(index % 2 ? application.client : other.client, from)),
    );

  /** On a busy machine a call to Redis may time out, and then each instance enforces its share: such a run proves nothing. */
  const withoutTimeouts = async <T>(run: () => Promise<T>): Promise<T> => {
    const warnings = jest.spyOn(Logger.prototype, 'warn');
    try {
      for (let left = 10; ; left -= 1) {
        warnings.mockClear();
        const result = await run();
        const isUndisturbed = warnings.mock.calls.every(
          ([, line]) => !String(line).startsWith('Redis is unavailable'),
        );
        if (isUndisturbed || left === 0) return result;
        // Redis is not called for a second after a failure.
        await new Promise((resolve) => setTimeout(resolve, 1100));
      }
    } finally {
      warnings.mockRestore();
    }
  };

  it('share one bucket', async () => {
    const answers = await withoutTimeouts(() => calls(60, someone()));
    expect(answers.filter(({ passed }) => passed)).toHaveLength(20);
  });

  it('hold while Redis is unavailable, each instance with its share, without errors or delays, and are shared again afterwards', async () => {
    const warnings = jest.spyOn(Logger.prototype, 'warn');
    const statuses: number[] = [];
    const slowest: number[] = [];
    const passedBy: Record<string, number> = {};
    const people = Array.from({ length: 6 }, someone);
    const work = { isOver: false };
    const load = Promise.all(
      people.map(async (from, index) => {
        while (!work.isOver) {
          const { status, passed, ms } = await call(index % 2 ? application.client : other.client, from);
          statuses.push(status);
          slowest.push(ms);
          if (passed) passedBy[from] = (passedBy[from] ?? 0) + 1;
        }
      }),
    );
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    await pause(300);
    redis.kill();
    await pause(1500);
    const during = await calls(60, someone());
    await redis.restart();
    await pause(3500);
    work.isOver = true;
    await load;
    // One warning an instance, however many calls there were.
    expect(
      warnings.mock.calls.filter(([, line]) => String(line).startsWith('Redis is unavailable')),
    ).toHaveLength(2);
    warnings.mockRestore();
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
    expect(during.filter(({ status }) => status >= 500)).toEqual([]);
    // Two instances with a share of ten each.
    expect(during.filter(({ passed }) => passed)).toHaveLength(20);
    // Whoever had used up the limit before gets nothing more of a Redis that has forgotten it.
    for (const passed of Object.values(passedBy)) expect(passed).toBeLessThanOrEqual(20);
    // The machine is busy with the load itself; nobody waits for a time-out of a connection.
    expect(Math.max(...slowest)).toBeLessThan(3000);
  });

  it('give nobody a second helping when Redis comes back empty', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const from = someone();
    const passed = async (count: number) => (await calls(count, from)).filter((each) => each.passed).length;
    const before = await passed(16);
    redis.kill();
    const during = await passed(16);
    await redis.restart();
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expect(before + during + (await passed(60))).toBeLessThanOrEqual(20);
  });

  it('do not wait for a Redis that hangs', async () => {
    redis.freeze();
    try {
      const answers = [];
      for (let i = 0; i < 40; i += 1)
        answers.push(await call(i % 2 ? application.client : other.client, someone()));
      expect(answers.every(({ status }) => status < 500)).toBe(true);
      // The first of each instance finds out, and so does one a second. All would wait without that; a busy machine slows a few.
      expect(answers.filter(({ ms }) => ms > 250).length).toBeLessThan(20);
    } finally {
      redis.thaw();
    }
  });

  it('leave nothing readable in Redis', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const phoneNumber = freshNumber();
    const from = someone();
    await application.client.json('POST', '/request-otp', { phoneNumber }, { 'X-Forwarded-For': from });
    const dump = await redis.dump();
    expect(dump).toContain('throttle:');
    for (const trace of [phoneNumber.slice(1), phoneNumber.slice(2), from]) expect(dump).not.toContain(trace);
  });
});
