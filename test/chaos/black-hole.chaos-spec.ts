import { setTimeout as sleep } from 'node:timers/promises';
import { freshNumber } from '../support/application.js';
import { startWorld, type World } from '../support/chaos-world.js';
import { logIn } from '../support/person.js';
import { until } from '../support/until.js';

const CALM_MS = 30_000;
const DARK_MS = 60_000;
const RECOVERY_MS = 10_000;
/** Logging in takes two calls of the provider: well below what it takes. */
const LOGINS_EVERY_MS = 250;
const READS_EVERY_MS = 25;
/** Below this a difference is the machine's, not the application's. */
const FLOOR_MS = 15;
const VONAGE_REQUESTS_PER_SECOND = 30;

const ROUTES = ['/', '/health/live', '/health/ready', '/verifications/00000000-0000-7000-8000-000000000000'];

/** Calls that start at fixed times, whatever became of those before: slow answers do not thin the load. */
function everySoOften(everyMs: number, call: (index: number) => Promise<unknown>) {
  const calls: Promise<unknown>[] = [];
  const failures: unknown[] = [];
  const begun = performance.now();
  const timer = setInterval(() => {
    while (calls.length * everyMs < performance.now() - begun)
      calls.push(call(calls.length).catch((failure: unknown) => failures.push(failure)));
  }, everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(calls);
      expect(failures).toEqual([]);
    },
  };
}

/** The time that 99 of 100 calls stay below. */
function p99(latencies: number[]): number {
  return latencies.sort((a, b) => a - b)[Math.floor(latencies.length * 0.99)]!;
}

describe(`the provider is a black hole for ${DARK_MS / 1000} s under load`, () => {
  let world: World;
  beforeAll(async () => {
    // The limits as in production: ours by default, and the provider's.
    world = await startWorld({
      requestsPerSecond: VONAGE_REQUESTS_PER_SECOND,
      env: { VONAGE_REQUESTS_PER_SECOND: '', VONAGE_FAILURES_BEFORE_BREAK: '', RECONCILE_EVERY_SECONDS: '3' },
    });
  });
  afterAll(() => world.close());

  it('other routes stay fast, it recovers within 10 s, and below 30 requests/s', async () => {
    let latencies: number[] = [];
    const logins = everySoOften(LOGINS_EVERY_MS, () => logIn(world, freshNumber(), { withinMs: 500 }));
    const reads = everySoOften(READS_EVERY_MS, async (index) => {
      const { client } = world.cluster.next()!;
      const since = performance.now();
      const answer = await client!.json('GET', ROUTES[index % ROUTES.length]!);
      latencies.push(performance.now() - since);
      expect([200, 404]).toContain(answer.status);
    });
    const measured = async (ms: number) => {
      latencies = [];
      await sleep(ms);
      return { p99: p99(latencies), calls: latencies.length };
    };
    try {
      // Warm-up: the first calls of a process are slow.
      await sleep(CALM_MS / 3);
      const calm = await measured(CALM_MS);
      world.network.mode({ kind: 'blackHole' });
      const dark = await measured(DARK_MS);
      const since = performance.now();
      world.network.mode({ kind: 'pass' });
      await Promise.all(
        world.cluster.instances.map((instance) =>
          until(async () => (await world.start(freshNumber(), instance))?.status === 200, {
            what: `instance ${instance.index} sends again`,
            withinMs: RECOVERY_MS,
          }),
        ),
      );
      const recovery = performance.now() - since;
      await world.settled(120_000);
      const busiest = world.words.busiestSecond(since);
      process.stdout.write(
        `p99 calm ${calm.p99.toFixed(1)} ms of ${calm.calls}, dark ${dark.p99.toFixed(1)} ms of ${dark.calls}; ` +
          `recovered in ${Math.round(recovery)} ms; busiest second ${busiest} calls\n`,
      );
      expect(dark.p99).toBeLessThan(Math.max(2 * calm.p99, calm.p99 + FLOOR_MS));
      expect(busiest).toBeLessThanOrEqual(VONAGE_REQUESTS_PER_SECOND);
    } finally {
      await Promise.all([logins.stop(), reads.stop()]);
    }
    // What was lost in the dark stays open until the light; a check that was not let out costs no attempt.
    expect(await world.violations({ sendingSeconds: Infinity, attemptsGivenBack: true })).toEqual([]);
  }, 400_000);
});
