import { attackUnderLoad } from '../support/attack-under-load.js';
import { startWorld, type World } from '../support/chaos-world.js';
import {
  type ReplicatedPostgres,
  startReplicatedPostgres,
  withPostgresPrograms,
} from '../support/replicated-postgres.js';

const RECOVERY_MS = 10_000;

withPostgresPrograms('a standby is promoted under load', () => {
  let postgres: ReplicatedPostgres;
  let world: World;
  beforeAll(async () => {
    postgres = await startReplicatedPostgres();
    world = await startWorld({ database: postgres });
  }, 240_000);
  afterAll(async () => {
    await world?.close();
    await postgres?.close();
  });

  it('nobody is accepted without the provider’s word, no message is lost, and it recovers within 10 s', async () => {
    const { people, recoveryMs } = await attackUnderLoad(world, () => postgres.failOver(), RECOVERY_MS);
    expect(await world.violations()).toEqual([]);
    expect(people.filter(({ ending }) => ending === 'gave-up')).toEqual([]);
    expect(recoveryMs).toBeLessThan(RECOVERY_MS);
    // Each message that went out belongs to a request that the new primary has.
    const { rows } = await world.sql.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM otp_verification_requests WHERE provider_request_id IS NOT NULL',
    );
    expect(rows[0]!.count).toBeGreaterThanOrEqual(world.sandbox.ledger().length);
    process.stdout.write(`recovered in ${Math.round(recoveryMs)} ms; ${people.length} people\n`);
  }, 240_000);
});
