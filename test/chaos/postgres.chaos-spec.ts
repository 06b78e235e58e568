import { setTimeout as sleep } from 'node:timers/promises';
import { freshNumber } from '../support/application.js';
import { startWorld, type World } from '../support/chaos-world.js';
import { type MortalPostgres, startMortalPostgres } from '../support/mortal-postgres.js';
import { logIn, type Person } from '../support/person.js';
import { times } from '../support/times.js';
import { until } from '../support/until.js';

const PEOPLE_AT_ONCE = 8;
const RECOVERY_MS = 10_000;
const CALM_MS = 2000;

describe('Postgres goes away under load', () => {
  let postgres: MortalPostgres;
  let world: World;
  beforeAll(async () => {
    postgres = await startMortalPostgres();
    world = await startWorld({ database: postgres });
  }, 240_000);
  afterAll(async () => {
    await world?.close();
    await postgres?.close();
  });

  /** Every instance sends a message and accepts its code. */
  const works = async (instance: World['cluster']['instances'][number]) => {
    const phoneNumber = freshNumber();
    const answer = await world.start(phoneNumber, instance);
    if (answer?.status !== 200) return false;
    const code = world.codeFor(phoneNumber)!;
    return (await world.check(answer.body['requestId'] as string, code, 'right', instance))?.status === 200;
  };

  it.each([
    ['restarted', () => postgres.restart()],
    ['killed in one session', () => postgres.killBackend()],
    ['killed whole', () => postgres.killServer()],
  ])(
    '%s: nobody is accepted without the provider’s word, no attempt comes back, and it recovers within 10 s',
    async (_name, attack) => {
      const over = new AbortController();
      const people: Person[] = [];
      const crowd = times(PEOPLE_AT_ONCE, async (index) => {
        try {
          while (!over.signal.aborted)
            people.push(await logIn(world, freshNumber(), { wrongFirst: index % 2 === 0, withinMs: 90_000 }));
        } finally {
          over.abort();
        }
      });
      const attacked = async () => {
        await until(() => people.some(({ ending }) => ending === 'verified') || over.signal.aborted);
        await sleep(CALM_MS);
        await attack();
        const since = performance.now();
        await Promise.all(
          world.cluster.instances.map((instance) =>
            until(() => works(instance), {
              what: `instance ${instance.index} works again`,
              withinMs: RECOVERY_MS,
            }),
          ),
        );
        const recovery = performance.now() - since;
        await sleep(CALM_MS);
        return recovery;
      };
      const recovery = await attacked().finally(() => over.abort());
      await crowd;
      await world.settled();
      expect(await world.violations()).toEqual([]);
      expect(people.filter(({ ending }) => ending === 'gave-up')).toEqual([]);
      expect(recovery).toBeLessThan(RECOVERY_MS);
      process.stdout.write(`recovered in ${Math.round(recovery)} ms; ${people.length} people\n`);
    },
    240_000,
  );
});
