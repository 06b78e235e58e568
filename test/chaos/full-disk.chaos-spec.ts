import { setTimeout as sleep } from 'node:timers/promises';
import { freshNumber } from '../support/application.js';
import { startWorld, type Reply, type World } from '../support/chaos-world.js';
import { type MortalPostgres, startMortalPostgres } from '../support/mortal-postgres.js';
import { mountSmallDisk, type SmallDisk, withSmallDisk } from '../support/small-disk.js';
import { until } from '../support/until.js';

const RECOVERY_MS = 10_000;
const MEGABYTES = 160;
/** So many answers that say "full" end a drill. */
const REFUSALS = 40;

withSmallDisk('the disk of the database is full', () => {
  let disk: SmallDisk;
  let postgres: MortalPostgres;
  let world: World;
  beforeAll(async () => {
    disk = mountSmallDisk(MEGABYTES);
    postgres = await startMortalPostgres(disk.path);
    world = await startWorld({ database: postgres, instances: 2 });
  }, 240_000);
  afterAll(async () => {
    disk?.free();
    await world?.close();
    await postgres?.close();
    disk?.close();
  });

  afterEach(() => disk.free());

  const get = (path: string) =>
    world.cluster.next()!.client!.send('GET', path, { headers: { Accept: 'application/json' } });
  /** Asks for a code and enters it. @returns the answers */
  const flow = async (): Promise<Reply[]> => {
    const phoneNumber = freshNumber();
    const started = await world.start(phoneNumber);
    if (started?.status !== 200) return [started];
    const code = world.codeFor(phoneNumber)!;
    const requestId = started.body['requestId'] as string;
    return [started, await world.check(requestId, code, 'right'), await world.read(requestId)];
  };
  const works = async () => (await flow()).every((answer) => answer?.status === 200);
  const recovers = async () => {
    const since = performance.now();
    await until(works, { what: 'it works again', withinMs: RECOVERY_MS });
    await until(async () => (await get('/health/ready')).status === 200, {
      what: 'it is ready again',
      withinMs: RECOVERY_MS,
    });
    return Math.round(performance.now() - since);
  };
  /** What an answer may be meanwhile: as always, or 503 with a time. */
  const inWords = (answer: Reply) =>
    answer === null
      ? 'no answer'
      : answer.status === 503
        ? `503 ${answer.body['code']} ${Number(answer.headers.get('retry-after')) > 0 ? 'later' : 'without a time'}`
        : String(answer.status);
  const REFUSED = '503 service-unavailable later';

  /** A sign-in writes too; a page and a request that nobody knows are only read. */
  const others = async () => {
    const signIn = { email: 'demo@example.com', password: 'correct horse battery staple' };
    return [
      await world.cluster.next()!.client!.json('POST', '/sign-in', signIn),
      await get('/'),
      await get('/verifications/00000000-0000-7000-8000-000000000000'),
    ];
  };

  /** Calls until enough was refused. @returns how often each answer came */
  const callsWhileFull = async () => {
    const counts: Record<string, number> = {};
    const since = performance.now();
    while ((counts[REFUSED] ?? 0) < REFUSALS) {
      if (performance.now() - since > 60_000) throw new Error(`not refused: ${JSON.stringify(counts)}`);
      for (const answer of [...(await flow()), ...(await others())])
        counts[inWords(answer)] = (counts[inWords(answer)] ?? 0) + 1;
      await sleep(10);
    }
    return counts;
  };

  it('ordinary answers or 503 with Retry-After, not ready but alive, and recovery by itself', async () => {
    expect(await works()).toBe(true);
    expect((await get('/health/ready')).status).toBe(200);
    disk.fill();
    await until(async () => (await get('/health/ready')).status === 503);
    const counts = await callsWhileFull();
    const ready = await get('/health/ready');
    const live = await get('/health/live');
    disk.free();
    const recoveryMs = await recovers();
    process.stdout.write(`full: ${JSON.stringify(counts)}, recovered in ${recoveryMs} ms\n`);
    expect(Object.keys(counts).filter((words) => !/^[1-4]\d\d$/.test(words))).toEqual([REFUSED]);
    expect([inWords(ready), live.status]).toEqual([REFUSED, 200]);
    await world.settled();
    expect(await world.violations()).toEqual([]);
  }, 240_000);

  it('no room for the write-ahead log, so that Postgres stops: the same once it is started again', async () => {
    expect(await works()).toBe(true);
    disk.fill();
    // The next segment of the log does not fit, which Postgres takes for a crash.
    const { url } = postgres;
    await world.sql.query('SELECT pg_switch_wal()').catch(() => undefined);
    const counts = await callsWhileFull();
    const ready = await get('/health/ready');
    const live = await get('/health/live');
    disk.free();
    const wasDown = await postgres.startIfEnded();
    const recoveryMs = await recovers();
    process.stdout.write(
      `no room for the log: ${JSON.stringify(counts)}, Postgres ended: ${wasDown}, recovered in ${recoveryMs} ms\n`,
    );
    expect(postgres.url).toBe(url);
    expect(Object.keys(counts).filter((words) => !/^[1-4]\d\d$/.test(words))).toEqual([REFUSED]);
    expect([inWords(ready), live.status]).toEqual([REFUSED, 200]);
    await world.settled();
    expect(await world.violations()).toEqual([]);
  }, 240_000);
});
