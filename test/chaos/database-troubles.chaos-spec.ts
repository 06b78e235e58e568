import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freshNumber } from '../support/application.js';
import { startWorld, type World } from '../support/chaos-world.js';
import { type MortalPostgres, startMortalPostgres } from '../support/mortal-postgres.js';
import { until } from '../support/until.js';

const RECOVERY_MS = 10_000;
const LOCK_MS = 30_000;

describe('the database is in trouble, and not away', () => {
  let postgres: MortalPostgres;
  let world: World;
  beforeAll(async () => {
    postgres = await startMortalPostgres();
    world = await startWorld({ database: postgres, instances: 2 });
  }, 240_000);
  afterAll(async () => {
    await world?.close();
    await postgres?.close();
  });

  /** @returns milliseconds of each call, or the answer that was no success */
  const flow = async () => {
    const phoneNumber = freshNumber();
    const began = performance.now();
    const started = await world.start(phoneNumber);
    const startMs = performance.now() - began;
    if (started?.status !== 200) return { failed: started, startMs };
    const code = world.codeFor(phoneNumber)!;
    const checkedAt = performance.now();
    const checked = await world.check(started.body['requestId'] as string, code, 'right');
    const checkMs = performance.now() - checkedAt;
    return checked?.status === 200 ? { failed: null, startMs, checkMs } : { failed: checked, startMs };
  };
  const recovers = () =>
    until(async () => (await flow()).failed === null, { what: 'it works again', withinMs: RECOVERY_MS });
  /** Calls until the trouble is over. @returns what failed */
  const callsDuring = async (isOver: () => boolean) => {
    const failed: { status: number; retryAfter: string | null; code: unknown }[] = [];
    while (!isOver()) {
      const { failed: answer } = await flow();
      if (answer)
        failed.push({
          status: answer.status,
          retryAfter: answer.headers.get('retry-after'),
          code: answer.body['code'],
        });
      await sleep(100);
    }
    return failed;
  };
  const isRefusal = ({ status, retryAfter }: { status: number; retryAfter: string | null }) =>
    status === 503 && Number(retryAfter) > 0;

  it('read-only: only 503 with Retry-After, also at /health/ready, and recovery by itself', async () => {
    expect((await flow()).failed).toBeNull();
    await world.sql.query('ALTER ROLE ALL SET default_transaction_read_only = on');
    const sessions = () =>
      world.sql.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nest-sms-otp'`,
      );
    await sessions();
    const until10 = performance.now() + 10_000;
    const failed = await callsDuring(() => performance.now() > until10);
    const url = world.cluster.instances[0]!.client!.url;
    const ready = await fetch(`${url}/health/ready`);
    const admin = new pg.Client({ connectionString: postgres.adminUrl });
    await admin.connect();
    await admin.query('SET default_transaction_read_only = off');
    await admin.query('ALTER ROLE ALL RESET default_transaction_read_only');
    await admin.end();
    await sessions();
    expect(failed.length).toBeGreaterThan(5);
    expect(failed.filter((each) => !isRefusal(each))).toEqual([]);
    expect(ready.status).toBe(503);
    await recovers();
  });

  it('a table is locked for 30 s: only 503 with Retry-After, and recovery by itself', async () => {
    const locker = new pg.Client({ connectionString: postgres.adminUrl });
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE otp_verification_requests IN ACCESS EXCLUSIVE MODE');
    let isOver = false;
    const unlocking = sleep(LOCK_MS).then(async () => {
      await locker.query('COMMIT');
      await locker.end();
      isOver = true;
    });
    const failed = await callsDuring(() => isOver);
    await unlocking;
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.filter((each) => !isRefusal(each))).toEqual([]);
    await recovers();
  });

  it('150 ms away: all flows pass', async () => {
    postgres.network.mode({ kind: 'delay', ms: 75 });
    const results = [];
    for (let i = 0; i < 30; i += 1) results.push(await flow());
    postgres.network.mode({ kind: 'pass' });
    expect(results.filter(({ failed }) => failed !== null)).toEqual([]);
    const sorted = results.map(({ startMs }) => startMs).sort((a, b) => a - b);
    process.stdout.write(
      `starts with the database 150 ms away: p50 ${Math.round(sorted[15]!)} ms, p99 ${Math.round(sorted[29]!)} ms\n`,
    );
    await world.settled();
    expect(await world.violations()).toEqual([]);
  });
});
