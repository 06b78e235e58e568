import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { dataSourceOptions, pendingMigrations } from '../src/database/index.js';
import { entities, migrate, migrations } from '../src/schema.js';
import { startApplication, type TestApplication } from './support/application.js';
import { createEmptyDatabase, type TestDatabase } from './support/database.js';
import { run } from './support/program.js';

const SCHEMA = 'otp';

/** A table of the host whose name is also one of ours. */
const HostKey = new EntitySchema<{ id: string }>({
  name: 'HostKey',
  tableName: 'otp_idempotency_keys',
  schema: 'public',
  columns: { id: { type: 'text', primary: true } },
});

describe('the tables live in a schema of their own', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  let application: TestApplication | undefined;

  /** Nobody but the administrator may create anything in `public`, and a decoy comes first in the role's search path. */
  beforeEach(async () => {
    database = await createEmptyDatabase();
    admin = new pg.Client({ connectionString: database.adminUrl });
    await admin.connect();
    const role = pg.escapeIdentifier(decodeURIComponent(new URL(database.url).username));
    const { pathname } = new URL(database.url);
    await admin.query('ALTER SCHEMA public OWNER TO CURRENT_USER');
    await admin.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    await admin.query('CREATE SCHEMA decoy');
    await admin.query(`GRANT ALL ON SCHEMA decoy TO ${role}`);
    await admin.query('CREATE TABLE decoy.otp_verification_requests (id uuid)');
    await admin.query('CREATE TABLE decoy.otp_migrations (id serial, "timestamp" bigint, name text)');
    await admin.query(`GRANT ALL ON ALL TABLES IN SCHEMA decoy TO ${role}`);
    await admin.query(
      `ALTER ROLE ${role} IN DATABASE ${pg.escapeIdentifier(pathname.slice(1))} SET search_path = decoy, ${SCHEMA}, public`,
    );
  });

  afterEach(async () => {
    await admin.end();
    await (application ? application.close() : database.drop());
    application = undefined;
  });

  const tablesIn = async (schema: string) =>
    (
      await admin.query<{ name: string }>(
        'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1',
        [schema],
      )
    ).rows.map(({ name }) => name);

  it('and a number is verified there, while public stays empty and a decoy earlier in the path gets nothing', async () => {
    await migrate(database.url, { schema: SCHEMA });
    const tables = await tablesIn(SCHEMA);
    expect(tables).toEqual(
      expect.arrayContaining(['host_users', 'otp_migrations', 'otp_verification_requests']),
    );
    // A decoy for every table, with the same columns, into which the role may write.
    await admin.query('DROP TABLE decoy.otp_verification_requests, decoy.otp_migrations');
    for (const table of tables)
      await admin.query(`CREATE TABLE decoy.${table} (LIKE ${SCHEMA}.${table} INCLUDING ALL)`);
    await admin.query('GRANT ALL ON ALL TABLES IN SCHEMA decoy TO PUBLIC');

    application = await startApplication({ DATABASE_SCHEMA: SCHEMA }, database);
    const { requestId, code } = await application.started();
    const answer = await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect(answer).toMatchObject({ status: 200, body: { status: 'VERIFIED' } });

    const { rows } = await admin.query(`SELECT status FROM ${SCHEMA}.otp_verification_requests`);
    expect(rows).toEqual([{ status: 'VERIFIED' }]);
    for (const table of tables)
      expect({ table, rows: (await admin.query(`SELECT * FROM decoy.${table}`)).rows }).toEqual({
        table,
        rows: [],
      });
    expect(await tablesIn('public')).toEqual([]);
  });

  it('also where the role may not create schemas, when an administrator has made it', async () => {
    const role = pg.escapeIdentifier(decodeURIComponent(new URL(database.url).username));
    const { pathname } = new URL(database.url);
    await admin.query(`ALTER DATABASE ${pg.escapeIdentifier(pathname.slice(1))} OWNER TO CURRENT_USER`);
    await admin.query(`CREATE SCHEMA ${SCHEMA} AUTHORIZATION ${role}`);
    const ran = await migrate(database.url, { schema: SCHEMA });
    expect(ran).toHaveLength(migrations.length);
    expect(await pendingMigrations(database.url, { migrations, schema: SCHEMA })).toEqual([]);
  });

  it('and does not drift from the entities there', async () => {
    await migrate(database.url, { schema: SCHEMA });
    const dataSource = await new DataSource(
      dataSourceOptions({ url: database.url, schema: SCHEMA, entities }),
    ).initialize();
    try {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('beside a table of the host that has the same name, on one connection', async () => {
    await admin.query('CREATE TABLE public.otp_idempotency_keys (id text PRIMARY KEY)');
    await admin.query('GRANT USAGE ON SCHEMA public TO PUBLIC');
    await admin.query('GRANT ALL ON public.otp_idempotency_keys TO PUBLIC');
    await migrate(database.url, { schema: SCHEMA });
    const dataSource = await new DataSource({
      ...dataSourceOptions({ url: database.url, schema: SCHEMA, entities: [] }),
      entities: [...entities, HostKey],
    }).initialize();
    try {
      await dataSource.getRepository(HostKey).insert({ id: 'of the host' });
      expect((await admin.query('SELECT * FROM public.otp_idempotency_keys')).rows).toEqual([
        { id: 'of the host' },
      ]);
      expect(await dataSource.query('SELECT * FROM otp_idempotency_keys')).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('also for the migration commands', async () => {
    const migrateCommand = (...args: string[]) =>
      run(process.execPath, ['dist/src/commands/migrate.js', ...args], {
        DATABASE_URL: database.url,
        DATABASE_SCHEMA: SCHEMA,
      });
    expect(await migrateCommand('run').ended()).toBe(0);
    expect(await tablesIn(SCHEMA)).toContain('host_activity');
    // Neither a question nor a typing error takes anything back.
    const help = migrateCommand('revert', '--help');
    expect(await help.ended()).toBe(0);
    expect(help.output()).toContain('Usage: npm run migration:revert');
    expect(await migrateCommand('revert', '--steps', '2').ended()).toBe(2);
    for (const [args, code] of [
      [[], 2],
      [['--dry-run'], 0],
      [['--dry-run', '--yes'], 0],
    ] as const) {
      const asked = migrateCommand('revert', ...args);
      expect(await asked.ended()).toBe(code);
      expect(asked.output()).toContain('table host_activity with 0 rows');
    }
    expect(await tablesIn(SCHEMA)).toContain('host_activity');
    expect(await migrateCommand('revert', '--yes').ended()).toBe(0);
    expect(await tablesIn(SCHEMA)).not.toContain('host_activity');
    expect(await tablesIn('public')).toEqual([]);
  });

  it('whatever search path the URL asks for', async () => {
    const url = `${database.url}${database.url.includes('?') ? '&' : '?'}options=${encodeURIComponent('-c search_path=decoy -c geqo=off')}`;
    const dataSource = await new DataSource(
      dataSourceOptions({ url, schema: SCHEMA, entities: [] }),
    ).initialize();
    try {
      expect(await dataSource.query('SHOW search_path')).toEqual([{ search_path: `"${SCHEMA}",pg_temp` }]);
      expect(await dataSource.query('SHOW geqo')).toEqual([{ geqo: 'off' }]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('and a name that Postgres would have to quote is refused', () => {
    expect(() => dataSourceOptions({ url: database.url, schema: 'a"; b', entities: [] })).toThrow(
      /schema's name/,
    );
  });
});
