import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { pendingMigrations } from '../src/database/index.js';
import { migrationsFor, printMigrations, runMigrations } from '../src/index.js';
import { createEmptyDatabase, type TestDatabase } from './support/database.js';
import { run } from './support/program.js';

const ELSEWHERE = { schema: 'auth', tablePrefix: 'x_' };
const ALL = migrationsFor().length;

let database: TestDatabase;
let sql: pg.Pool;
let host: DataSource | undefined;

beforeEach(async () => {
  database = await createEmptyDatabase();
  sql = new pg.Pool({ connectionString: database.url, max: 3 });
});
afterEach(async () => {
  await host?.destroy();
  host = undefined;
  await sql.end();
  await database.drop();
});

/** An application with a ledger of its own, TypeORM's default. */
async function hostWith(migrations: (new () => MigrationInterface)[]): Promise<DataSource> {
  host = await new DataSource({ type: 'postgres', url: database.url, migrations }).initialize();
  return host;
}

/** Everything in a schema that a migration can have made. */
async function contentsOf(schema: string): Promise<string[]> {
  const { rows } = await sql.query<{ line: string }>(
    `SELECT concat_ws(' ', table_name, column_name, data_type, column_default, is_nullable) AS line
       FROM information_schema.columns WHERE table_schema = $1
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = $1
     UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
       FROM pg_constraint WHERE connamespace = $1::regnamespace
     UNION ALL SELECT relname || ' ' || coalesce(reloptions::text, '') || relpersistence::text || coalesce(relacl::text, '')
       FROM pg_class WHERE relnamespace = $1::regnamespace ORDER BY 1`,
    [schema],
  );
  return rows.map(({ line }) => line);
}

describe('one ledger', () => {
  it('has what the host’s runMigrations did, so ours finds nothing pending', async () => {
    const dataSource = await hostWith(migrationsFor(ELSEWHERE));
    expect(await dataSource.runMigrations({ transaction: 'each' })).toHaveLength(ALL);
    expect(await pendingMigrations(database.url, ELSEWHERE)).toEqual([]);
    expect(await runMigrations(database.url, ELSEWHERE)).toEqual([]);
  });

  it('has what ours did, so the host’s changes nothing', async () => {
    expect(await runMigrations(sql, ELSEWHERE)).toHaveLength(ALL);
    const before = await contentsOf('auth');
    const dataSource = await hostWith(migrationsFor(ELSEWHERE));
    await dataSource.runMigrations({ transaction: 'each' });
    expect(await dataSource.showMigrations()).toBe(false);
    expect(await contentsOf('auth')).toEqual(before);
    const { rows } = await sql.query(
      'SELECT name FROM "auth".x_migrations GROUP BY name HAVING count(*) > 1',
    );
    expect(rows).toEqual([]);
  });

  it('is the same through a URL, a pool and a data source, module by module', async () => {
    const verification = await runMigrations(database.url, { modules: ['verification'] });
    expect(await runMigrations(sql, { modules: ['verification'] })).toEqual([]);
    const twoFactor = await runMigrations(sql, { modules: ['verification', 'two-factor'] });
    const rest = await runMigrations(await hostWith([]));
    const [ofVerification, ofTwoFactor] = (['verification', 'two-factor'] as const).map(
      (name) => migrationsFor({ modules: [name] }).length,
    );
    expect(verification).toHaveLength(ofVerification!);
    expect(twoFactor).toHaveLength(ofTwoFactor!);
    expect([...verification, ...twoFactor, ...rest]).toHaveLength(ALL);
    expect(await pendingMigrations(database.url)).toEqual([]);
  });

  it('loses a migration that the host takes back, and only then', async () => {
    const dataSource = await hostWith(migrationsFor());
    await dataSource.runMigrations({ transaction: 'each' });
    await dataSource.undoLastMigration();
    expect(await runMigrations(database.url)).toEqual(['CreateStatistics1795000003004']);
    expect(await pendingMigrations(database.url)).toEqual([]);
  });

  it.each(['each', 'none', 'all'] as const)(
    'has nothing of a migration that failed, when the host runs them with transaction: %s',
    async (transaction) => {
      await sql.query('CREATE TABLE otp_journal_cursors (taken text)');
      const dataSource = await hostWith(migrationsFor());
      await expect(dataSource.runMigrations({ transaction })).rejects.toThrow(/otp_journal_cursors/);
      // The seals' table was made before the cursors', in the same migration.
      expect((await sql.query(`SELECT to_regclass('otp_journal_seals') AS found`)).rows).toEqual([
        { found: null },
      ]);
      await sql.query('DROP TABLE otp_journal_cursors');
      await dataSource.runMigrations({ transaction });
      expect(await pendingMigrations(database.url)).toEqual([]);
    },
  );

  it('lets two hosts that migrate at the same moment wait for each other', async () => {
    const others = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        new DataSource({
          type: 'postgres',
          url: database.url,
          migrations: migrationsFor(ELSEWHERE),
          migrationsTableName: name,
        }).initialize(),
      ),
    );
    try {
      await runMigrations(sql, { ...ELSEWHERE, modules: ['verification'] });
      await Promise.all(others.map((each) => each.runMigrations({ transaction: 'each' })));
    } finally {
      await Promise.all(others.map((each) => each.destroy()));
    }
    expect(await pendingMigrations(database.url, ELSEWHERE)).toEqual([]);
  });

  it('waits for one table’s lock as short on a pool as on a connection of its own', async () => {
    class Slow1795000009001 implements MigrationInterface {
      readonly name = 'Slow1795000009001';
      readonly up = (runner: QueryRunner) => runner.query('ALTER TABLE held ADD note text');
      readonly down = async () => undefined;
    }
    await sql.query('CREATE TABLE held (id int)');
    const holder = await sql.connect();
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE held');
    const other = new pg.Pool({ connectionString: database.url, max: 2 });
    try {
      await expect(
        runMigrations(other, { migrations: [Slow1795000009001], lockTimeoutMs: 50, retryForMs: 0 }),
      ).rejects.toThrow(/not available within 50 ms/);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
      await other.end();
    }
  });
});

describe('the printed script', () => {
  it('makes the same schema as running the migrations, and nothing is pending then', async () => {
    await runMigrations(database.url, ELSEWHERE);
    const ran = await contentsOf('auth');
    await sql.query('DROP SCHEMA "auth" CASCADE');
    await sql.query(await printMigrations(ELSEWHERE));
    expect(await contentsOf('auth')).toEqual(ran);
    expect(await runMigrations(database.url, ELSEWHERE)).toEqual([]);
  });

  it('needs no search path with a schema, and uses it without one', async () => {
    const client = await sql.connect();
    await client.query('SET search_path = pg_catalog');
    await client.query(await printMigrations(ELSEWHERE));
    client.release(true);
    await sql.query('CREATE SCHEMA theirs');
    const theirs = await sql.connect();
    await theirs.query('SET search_path = theirs');
    await theirs.query(await printMigrations());
    theirs.release(true);
    expect(await pendingMigrations(database.url, { schema: 'theirs' })).toEqual([]);
    expect(await contentsOf('public')).toEqual([]);
  });

  const print = async (args: string[], env = {}) => {
    const program = run(process.execPath, ['dist/src/commands/migrate.js', 'sql', ...args], {
      DATABASE_URL: database.url,
      ...env,
    });
    return { code: await program.ended(), output: program.output() };
  };

  it('is what npm run migration:sql prints for the tables of the configuration, if no option says otherwise', async () => {
    const configured = { DATABASE_SCHEMA: 'auth', DATABASE_TABLE_PREFIX: 'x_' };
    const [newest] = migrationsFor().slice(-1);
    await runMigrations(database.url, { ...ELSEWHERE, migrations: migrationsFor().slice(0, -1) });
    const pending = await print(['--pending'], configured);
    expect(pending.output.trim()).toBe(await printMigrations(ELSEWHERE, [new newest!().name!]));
    const other = await print(['--schema', 'other'], configured);
    expect(other.output.trim()).toBe(await printMigrations({ ...ELSEWHERE, schema: 'other' }));
  });

  it('is what npm run migration:sql prints, for some modules, or for what is pending', async () => {
    const where = ['--schema', 'auth', '--table-prefix', 'x_'];
    const some = await print([...where, '--modules', 'verification,two-factor']);
    expect(some.output.trim()).toBe(
      await printMigrations({ ...ELSEWHERE, modules: ['verification', 'two-factor'] }),
    );
    await sql.query(some.output);
    await sql.query((await print([...where, '--pending'])).output);
    expect(await pendingMigrations(database.url, ELSEWHERE)).toEqual([]);
    expect(await print(['--modules', 'verfication'])).toMatchObject({
      code: 2,
      output: expect.stringContaining('A module is one of verification, protection, two-factor, admin.'),
    });
  });
});
