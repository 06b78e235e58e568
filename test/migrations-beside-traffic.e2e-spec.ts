import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { pendingMigrations, runMigrations } from '../src/database/index.js';
import { migrations } from '../src/schema.js';
import { startApplication, type TestApplication } from './support/application.js';
import { createTestDatabase } from './support/database.js';
import { nextMigrations } from './support/next-migration.js';
import { until } from './support/until.js';

const LOCK_TIMEOUT_MS = 300;
/** How long somebody holds the table: much longer than any request may take. */
const HELD_MS = 4000;
/** The lock timeout, and room for a busy machine. */
const SLOWEST_REQUEST_MS = 2500;

describe('the next migration runs beside the running version', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
    // TypeORM prints each try that failed.
    jest.spyOn(console, 'log').mockImplementation();
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await application.close();
  });

  /** People sign in one after the other until told to stop. */
  function traffic() {
    const requests: { status: number; ms: number }[] = [];
    const stopping = new AbortController();
    const timed = async (path: string, body: object) => {
      const from = performance.now();
      const answer = await application.client.json('POST', path, body);
      requests.push({ status: answer.status, ms: performance.now() - from });
      return answer;
    };
    const person = async (first: number) => {
      for (let i = 0; !stopping.signal.aborted; i += 1) {
        const phoneNumber = `+1415${first + i}`;
        const { body } = await timed('/request-otp', { phoneNumber });
        await timed('/verify-otp', {
          requestId: body['requestId'],
          otpCode: application.codeFor(phoneNumber),
        });
        // Leaves the processor to the migration: this is about locks.
        await sleep(20);
      }
    };
    const people = Promise.all([5_570_000, 5_580_000].map((first) => person(first)));
    return {
      async stop() {
        stopping.abort();
        await people;
        return requests;
      },
    };
  }

  it.each([
    ['adds a column', nextMigrations.slice(0, 1)],
    ['builds an index', nextMigrations],
  ])(
    'and %s although a long transaction uses the table; no request fails or waits for it',
    async (_, next) => {
      const all = [...migrations, ...next];
      const holder = await application.sql.connect();
      const people = traffic();
      try {
        await holder.query('BEGIN');
        await holder.query('LOCK TABLE otp_verification_requests IN ROW EXCLUSIVE MODE');
        let retries = 0;
        const from = performance.now();
        const migrating = runMigrations(application.databaseUrl, {
          migrations: all,
          lockTimeoutMs: LOCK_TIMEOUT_MS,
          onRetry: () => (retries += 1),
        });
        await until(() => retries >= 2 && performance.now() - from >= HELD_MS);
        expect(await pendingMigrations(application.databaseUrl, { migrations: all })).toHaveLength(1);
        await holder.query('COMMIT');
        expect(await migrating).toEqual([next.at(-1)!.name]);
      } finally {
        holder.release();
      }
      const requests = await people.stop();
      expect(requests.length).toBeGreaterThan(20);
      expect(requests.filter(({ status }) => status !== 200)).toEqual([]);
      expect(Math.max(...requests.map(({ ms }) => ms))).toBeLessThan(SLOWEST_REQUEST_MS);

      const { rows } = await application.sql.query(`
      SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('otp_verification_requests_note')`);
      expect(rows).toEqual(next.length === 2 ? [{ indisvalid: true }] : []);
    },
  );

  it('and gives up, with nothing done, when it never gets its lock', async () => {
    const database = await createTestDatabase();
    const holder = new pg.Client({ connectionString: database.url });
    try {
      const all = [...migrations, ...nextMigrations];
      await holder.connect();
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE otp_verification_requests IN ROW EXCLUSIVE MODE');
      await expect(
        runMigrations(database.url, { migrations: all, lockTimeoutMs: 100, retryForMs: 0 }),
      ).rejects.toThrow(/lock timeout/);
      expect(await pendingMigrations(database.url, { migrations: all })).toHaveLength(2);
    } finally {
      await holder.end();
      await database.drop();
    }
  });

  it('once, when several instances start at once and the index is built concurrently', async () => {
    const database = await createTestDatabase();
    try {
      const all = [...migrations, ...nextMigrations];
      const ran = await Promise.all(
        [1, 2, 3].map(() => runMigrations(database.url, { migrations: all, lockTimeoutMs: 1000 })),
      );
      expect(ran.map((names) => names.length).sort()).toEqual([0, 0, 2]);
    } finally {
      await database.drop();
    }
  });
});
