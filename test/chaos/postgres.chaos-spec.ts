import { attackUnderLoad } from '../support/attack-under-load.js';
import { startWorld, type World } from '../support/chaos-world.js';
import { type MortalPostgres, startMortalPostgres } from '../support/mortal-postgres.js';

const RECOVERY_MS = 10_000;

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

  it.each([
    ['restarted', () => postgres.restart()],
    ['killed in one session', () => postgres.killBackend()],
    ['killed whole', () => postgres.killServer()],
  ])(
    '%s: nobody is accepted without the provider’s word, no attempt comes back, and it recovers within 10 s',
    async (_name, attack) => {
      const { people, recoveryMs } = await attackUnderLoad(world, attack, RECOVERY_MS);
      expect(await world.violations()).toEqual([]);
      expect(people.filter(({ ending }) => ending === 'gave-up')).toEqual([]);
      expect(recoveryMs).toBeLessThan(RECOVERY_MS);
      process.stdout.write(`recovered in ${Math.round(recoveryMs)} ms; ${people.length} people\n`);
    },
    240_000,
  );
});
