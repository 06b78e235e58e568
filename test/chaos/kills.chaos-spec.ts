import { freshNumber } from '../support/application.js';
import { startWorld, type World } from '../support/chaos-world.js';
import { logIn, type Person } from '../support/person.js';

const KILLS = 200;
const PEOPLE_AT_ONCE = 20;
/** A point may never be reached: then the kill comes at whatever the instance is doing. */
const LONGEST_LIFE_MS = 2000;
/** Is not killed, so that somebody is always there to finish the others' work. */
const SURVIVOR = 2;

const STATEMENTS = [
  'start',
  'finish-send',
  'adopt-message',
  'claim-lost-message',
  'claim-check',
  'finish-check',
  'read-situation',
  'find-by-id',
];
const POINTS = [
  ...STATEMENTS.flatMap((name) => [`before:otp.${name}`, `after:otp.${name}`]),
  ...['before', 'sent', 'after'].flatMap((moment) => [
    `${moment}:provider.start`,
    `${moment}:provider.check`,
  ]),
];
const pick = <T>(from: readonly T[]) => from[Math.floor(Math.random() * from.length)]!;

describe(`kill -9 at ${KILLS} random points, with the reconciler running`, () => {
  let world: World;
  const over = new AbortController();
  beforeAll(async () => {
    world = await startWorld({
      restarts: true,
      preloads: ['kill-points.mjs'],
      // Its lease and its patience with the provider: what a killed instance held is free again after 6 s.
      // The rules take part, and stop nobody.
      env: { VONAGE_TIMEOUT_MS: '3000', PROTECTION: 'record' },
      envOf: (index) => {
        if (index === SURVIVOR) return { KILL_AT: '' };
        const point = `${pick(POINTS)}:${1 + Math.floor(Math.random() * 5)}`;
        return { KILL_AT: over.signal.aborted ? '' : point };
      },
    });
  });
  afterAll(() => world.close());

  it('loses nothing, sends nothing twice, leaves nothing stuck', async () => {
    const { cluster, sql } = world;
    let killedByUs = 0;
    const people: Person[] = [];
    const executioner = setInterval(() => {
      for (const instance of cluster.instances) {
        if (
          over.signal.aborted ||
          instance.index === SURVIVOR ||
          !instance.client ||
          performance.now() - instance.readySince < LONGEST_LIFE_MS
        )
          continue;
        killedByUs += 1;
        void instance.kill();
      }
      if (cluster.kills >= KILLS) over.abort();
    }, 100);
    const crowd = async () => {
      try {
        while (!over.signal.aborted) people.push(await logIn(world, freshNumber()));
      } finally {
        // One that fails ends it for all.
        over.abort();
      }
    };
    try {
      await Promise.all(Array.from({ length: PEOPLE_AT_ONCE }, crowd));
    } finally {
      clearInterval(executioner);
    }
    expect(cluster.kills).toBeGreaterThanOrEqual(KILLS);
    // Many died where they were told to; how many depends on how busy the machine is.
    expect(cluster.kills - killedByUs).toBeGreaterThan(KILLS / 10);

    // Instances that still carry an order to die may do so; the others finish the work.
    await world.settled();
    expect(await world.violations()).toEqual([]);
    expect(people.filter(({ ending }) => ending === 'gave-up')).toEqual([]);

    // Who was not verified had the provider's word lost with the process that heard it, or every attempt; what the last
    // one came to may be found out after they were told.
    const { rows } = await sql.query<{ id: string; status: string; provider: string; attempts: number }>(
      `SELECT id, status, provider_request_id AS provider, attempts FROM otp_verification_requests
        WHERE status = 'FAILED' OR id = ANY($1)`,
      [people.filter(({ ending }) => ending === 'ended').map(({ requestId }) => requestId!)],
    );
    const unexplained = rows.filter(
      ({ status, provider, attempts }) =>
        attempts < 3 && !(status === 'FAILED' && world.words.matched.has(provider)),
    );
    expect(unexplained).toEqual([]);
    process.stdout.write(
      `${cluster.kills} kills, ${cluster.kills - killedByUs} at named points; ${people.length} people, ${rows.length} not verified\n`,
    );
  }, 1_200_000);
});
