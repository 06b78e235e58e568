import { type AlertWorld, keepDoing, startAlertWorld } from '../support/alert-world.js';
import { FIRES_WITHIN_MS, TROUBLES } from '../support/alert-troubles.js';
import { withPrometheus } from '../support/prometheus.js';
import { withRedis } from '../support/redis-server.js';
import { until } from '../support/until.js';

const CALM_MS = 75_000;
/** Alerts that no drill makes, and why. */
const NOT_PROVOKED: Record<string, string> = {};

const withBoth = [withPrometheus, withRedis].includes(describe.skip) ? describe.skip : describe;

withBoth('the alerts in a real Prometheus (a minute of the rules takes three seconds)', () => {
  let given: AlertWorld;
  let stopPeople: () => Promise<void>;
  beforeAll(async () => {
    given = await startAlertWorld();
    stopPeople = keepDoing(2000, () => given.flow());
  }, 240_000);
  afterAll(async () => {
    await stopPeople?.();
    await given?.close();
  });

  it('have each a drill, or a reason why there is none', () => {
    const named = [...TROUBLES.flatMap(({ alerts }) => alerts), ...Object.keys(NOT_PROVOKED)];
    expect(named.sort()).toEqual([...given.alerts].sort());
  });

  it('stay quiet while all is well', async () => {
    const fired = new Set<string>();
    const since = performance.now();
    await until(
      async () => {
        for (const alert of await given.prometheus.firing()) fired.add(alert);
        return performance.now() - since > CALM_MS;
      },
      { withinMs: 2 * CALM_MS },
    );
    expect([...fired]).toEqual([]);
    // Somebody was there.
    expect(given.world.sandbox.ledger().length).toBeGreaterThan(20);
  }, 300_000);

  it.each(TROUBLES)(
    '$name: $alerts fire, and end with it',
    async ({ alerts, make }) => {
      const fired = new Set<string>();
      const since = performance.now();
      const look = async () => {
        const now = await given.prometheus.firing();
        for (const alert of now) fired.add(alert);
        return now;
      };
      const watch = setInterval(() => void look(), 500);
      try {
        const end = await make(given);
        try {
          await until(() => alerts.every((alert) => fired.has(alert)), { withinMs: FIRES_WITHIN_MS }).catch(
            () => undefined,
          );
        } finally {
          await end();
        }
        // Names those that are missing.
        expect(alerts.filter((alert) => !fired.has(alert))).toEqual([]);
        const firedMs = performance.now() - since;
        await until(
          async () => {
            const now = await look();
            return alerts.every((alert) => !now.has(alert));
          },
          { what: 'the alerts end', withinMs: FIRES_WITHIN_MS },
        );
        process.stdout.write(
          `${alerts.join(', ')}: fired after ${Math.round(firedMs / 1000)} s, ended after ${Math.round((performance.now() - since) / 1000)} s\n`,
        );
      } finally {
        clearInterval(watch);
      }
    },
    3 * FIRES_WITHIN_MS,
  );
});
