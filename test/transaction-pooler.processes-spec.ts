import { Logger } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions, pendingMigrations, runMigrations } from '../src/database/index.js';
import { poolerWarning } from '../src/database/pooler.js';
import { JournalVerifier } from '../src/index.js';
import { migrate, migrations } from '../src/schema.js';
import { Visitor } from './host/visitor.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './support/database.js';
import { nextMigrations } from './support/next-migration.js';
import { type PgBouncer, startPgBouncer, withPgBouncer, withTracking } from './support/pgbouncer.js';
import { sealEverything } from './support/seal.js';

/** Everything that an instance does by itself, and every rule, so that all of it goes through the pooler. */
const EVERYTHING = {
  PROTECTION: 'enforce',
  LIMIT_ADDRESS: 'off',
  LIMIT_SESSION: 'off',
  LIMIT_PREFIX_PER_DAY: 'off',
  NUMBER_COOLDOWN_SECONDS: 'off',
  RESEND_COOLDOWN_SECONDS: 'off',
  VONAGE_REQUESTS_PER_SECOND: '1000',
  RECONCILE_EVERY_SECONDS: '1',
  JOURNAL_SEAL_SECONDS: '1',
  PROTECTION_WATCH_SECONDS: '1',
  STATISTICS_EVERY_SECONDS: '1',
  RETENTION: 'on',
};
const FLOWS = 24;

let pooler: PgBouncer;
let database: TestDatabase;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  jest.restoreAllMocks();
});

const behindPooler = async (given: TestDatabase, settings?: Record<string, number>) => {
  database = given;
  closing.push(() => database.drop());
  pooler = await startPgBouncer(settings);
  closing.push(() => pooler.close());
  return pooler.through(database.url);
};

/** The application through a pooler. It drops the database itself. */
const applicationBehindPooler = async (env: Record<string, string>, settings?: Record<string, number>) => {
  const own = await createTestDatabase();
  pooler = await startPgBouncer(settings);
  closing.push(() => pooler.close());
  const application = await startApplication(
    { ...EVERYTHING, ...env },
    { ...own, url: pooler.through(own.url) },
  );
  closing.push(() => application.close());
  return application;
};

const openDataSource = async (url: string, more: Partial<Parameters<typeof dataSourceOptions>[0]> = {}) => {
  const dataSource = await new DataSource(dataSourceOptions({ url, entities: [], ...more })).initialize();
  closing.push(() => dataSource.destroy());
  return dataSource;
};

const asAdmin = async <T>(work: (admin: pg.Client) => Promise<T>): Promise<T> => {
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
};

/** One person: a wrong code, another message, the right code; and a request that is cancelled. */
async function flow({ client, started, codeFor }: TestApplication): Promise<number[]> {
  const { requestId, phoneNumber, code } = await started(freshNumber());
  const check = (otpCode: string) => client.json('POST', '/verify-otp', { requestId, otpCode });
  const statuses = [(await check(wrongCode(code))).status];
  // The provider may still refuse a second message.
  const resent = await client.json('POST', '/resend-otp', { requestId });
  statuses.push(resent.body['code'] === 'cooldown' ? 200 : resent.status);
  statuses.push((await client.json('GET', `/verifications/${requestId}`)).status);
  statuses.push((await check(codeFor(phoneNumber))).status);
  const other = await started(freshNumber());
  statuses.push((await client.json('POST', '/cancel-otp', { requestId: other.requestId })).status);
  return statuses;
}

/** What was logged as a warning. The throttler's are about the tests, which switch it off. */
const linesOf = (warnings: jest.SpyInstance<unknown, unknown[]>) =>
  warnings.mock.calls
    .map((line) => line.map(String).join(' '))
    .filter((line) => !line.startsWith('No throttlers'));

async function expectEverythingWorks(application: TestApplication): Promise<void> {
  const flows = await Promise.all(Array.from({ length: FLOWS }, () => flow(application)));
  expect(flows).toEqual(flows.map(() => [422, 200, 200, 200, 200]));
  for (const kind of ['json', 'html'] as const) {
    const person = await new Visitor(application, kind).signsUp();
    expect((await person.get('/account')).status).toBe(200);
  }
  await sealEverything(application);
  expect((await application.app.get(JournalVerifier, { strict: false }).verify()).findings).toEqual([]);
}

withPgBouncer('behind a pooler in transaction mode', () => {
  it('everything works with DATABASE_PREPARED_STATEMENTS=off', async () => {
    const warnings = jest.spyOn(Logger.prototype, 'warn');
    const application = await applicationBehindPooler({ DATABASE_PREPARED_STATEMENTS: 'off' });
    await expectEverythingWorks(application);
    expect(linesOf(warnings)).toEqual([]);
  });

  it('everything works with "on" too: the first name that fails ends the use of names, with one warning', async () => {
    const warnings = jest.spyOn(Logger.prototype, 'warn');
    const application = await applicationBehindPooler(
      { DATABASE_PREPARED_STATEMENTS: 'on' },
      withoutTracking(),
    );
    await expectEverythingWorks(application);
    const lines = linesOf(warnings);
    expect(lines).toEqual([expect.stringContaining('DATABASE_PREPARED_STATEMENTS=off')]);
  });

  describe('migrations', () => {
    beforeEach(() => void jest.spyOn(console, 'log').mockImplementation());
    const locks = () =>
      asAdmin(async (admin) => {
        const { rows } = await admin.query(
          `SELECT FROM pg_locks WHERE locktype = 'advisory'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
        return rows.length;
      });

    it('run, once, and leave no lock behind', async () => {
      const url = await behindPooler(await createEmptyDatabase());
      const all = [...migrations, ...nextMigrations];
      const ran = await Promise.all([1, 2, 3].map(() => runMigrations(url, { migrations: all })));
      expect(ran.map((names) => names.length).sort()).toEqual([0, 0, all.length]);
      expect(await locks()).toBe(0);
      expect(await runMigrations(url, { migrations: all })).toEqual([]);
      expect(await pendingMigrations(url, { migrations: all })).toEqual([]);
    });

    it('give up a table that is in use, say what to do, and lock nobody out', async () => {
      const url = await behindPooler(await createTestDatabase());
      const migrate = (retryForMs: number) =>
        runMigrations(url, {
          migrations: [...migrations, ...nextMigrations],
          lockTimeoutMs: 100,
          retryForMs,
        });
      await asAdmin(async (holder) => {
        await holder.query('BEGIN; LOCK TABLE otp_verification_requests IN ACCESS SHARE MODE');
        await expect(migrate(0)).rejects.toThrow(
          /^A table is in use: its lock was not available within 100 ms.*Look for a long transaction in pg_stat_activity, end it, and try again\.$/,
        );
      });
      expect(await locks()).toBe(0);
      expect(await migrate(60_000)).toHaveLength(2);
    });

    it('say that another one is running, and do not wait for ever', async () => {
      const url = await behindPooler(await createTestDatabase());
      await asAdmin(async (other) => {
        await other.query('BEGIN; SELECT pg_advisory_xact_lock(7367011)');
        const onRetry = jest.fn();
        await expect(migrate(url, { retryForMs: 500, onRetry })).rejects.toThrow(
          /^Another migration has been running for more than 0\.5 s\. Wait until it ends/,
        );
        expect(onRetry.mock.calls).toEqual([[new Error('Another migration is running.')]]);
      });
      expect(await migrate(url)).toEqual([]);
    });
  });

  describe('time-outs', () => {
    it('end statements and idle transactions, and stay with their transaction', async () => {
      const url = await behindPooler(await createEmptyDatabase(), { default_pool_size: 1 });
      const dataSource = await openDataSource(url, { statementTimeoutMs: 300 });
      const sleeping = dataSource.transaction(({ queryRunner }) => queryRunner!.query('SELECT pg_sleep(60)'));
      await expect(sleeping).rejects.toMatchObject({ code: '57014' });
      await dataSource.transaction(async ({ queryRunner }) => {
        expect(await queryRunner!.query('SHOW idle_in_transaction_session_timeout')).toEqual([
          { idle_in_transaction_session_timeout: '15s' },
        ]);
      });
      // There is one session, and others use it too.
      expect(await dataSource.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
      expect(await dataSource.query('SHOW search_path')).toEqual([{ search_path: '"$user", public' }]);
      // Nobody waits for ever, even without a transaction.
      await expect(dataSource.query('SELECT pg_sleep(60)')).rejects.toThrow('Query read timeout');
    });

    it('of single statements come from the role; until it has them, a warning says how to set them', async () => {
      const url = await behindPooler(await createEmptyDatabase());
      const warning = await poolerWarning(await openDataSource(url));
      expect(warning).toMatch(
        /^Postgres is behind a pooler.* Run: ALTER ROLE \S+ SET statement_timeout = '10s';/,
      );
      expect(await poolerWarning(await openDataSource(database.url))).toBeNull();

      const [role, name] = [new URL(url).username, new URL(url).pathname.slice(1)];
      await asAdmin(async (admin) => {
        for (const setting of [`statement_timeout = '10s'`, `idle_in_transaction_session_timeout = '15s'`])
          await admin.query(`ALTER ROLE ${role} IN DATABASE ${name} SET ${setting}`);
      });
      const again = await startPgBouncer();
      closing.push(() => again.close());
      expect(await poolerWarning(await openDataSource(again.through(database.url)))).toBeNull();
    });
  });

  it('a schema of its own needs the path of the role, and the error says so', async () => {
    const url = await behindPooler(await createEmptyDatabase());
    await expect(migrate(url, { schema: 'otp' })).rejects.toThrow(
      /finds tables in the schema "public", not in "otp"\. Behind a pooler it needs: ALTER ROLE \S+ SET search_path = otp, pg_temp/,
    );
    const [role, name] = [new URL(url).username, new URL(url).pathname.slice(1)];
    await asAdmin((admin) =>
      admin.query(`ALTER ROLE ${role} IN DATABASE ${name} SET search_path = otp, pg_temp`),
    );
    const again = await startPgBouncer();
    closing.push(() => again.close());
    expect(await migrate(again.through(database.url), { schema: 'otp' })).toHaveLength(migrations.length);
  });
});

withTracking('behind a pooler that tracks prepared statements', () => {
  it('everything works with DATABASE_PREPARED_STATEMENTS=on, and statements stay prepared', async () => {
    const warnings = jest.spyOn(Logger.prototype, 'warn');
    const application = await applicationBehindPooler(
      { DATABASE_PREPARED_STATEMENTS: 'on' },
      { max_prepared_statements: 200 },
    );
    await expectEverythingWorks(application);
    expect(linesOf(warnings)).toEqual([]);
  });
});

/** Newer versions track by default. */
function withoutTracking(): Record<string, number> {
  return withTracking === describe.skip ? {} : { max_prepared_statements: 0 };
}
