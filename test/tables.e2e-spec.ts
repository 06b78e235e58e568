import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { LIBRARY_DATA_SOURCE } from '../src/database/library-data-source.js';
import { STATEMENTS } from '../src/database/statement.js';
import { tableNames } from '../src/database/table-names.js';
import {
  AdminModule,
  type LibraryDatabaseOptions,
  migrations,
  ProtectionModule,
  Retention,
  runMigrations,
  TwoFactorModule,
  VerificationModule,
  VerificationService,
} from '../src/index.js';
import { migrate } from '../src/schema.js';
import { FakeVerificationProvider } from '../src/testing/index.js';
import { administrator } from './admin/administrator.js';
import { Visitor } from './host/visitor.js';
import { startApplication } from './support/application.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './support/database.js';
import { HeaderSessions } from './support/header-sessions.js';
import { nestApplication } from './support/nest-application.js';

const ELSEWHERE = { schema: 'auth', tablePrefix: 'x_' };
const NUMBER = '+14155552671';
const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

let database: TestDatabase;
let sql: pg.Pool;
const apps: NestExpressApplication[] = [];

beforeEach(async () => {
  database = await createEmptyDatabase();
  sql = new pg.Pool({ connectionString: database.url, max: 4 });
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await sql.end();
  await database.drop();
});

const tables = async (schema: string) =>
  (
    await sql.query<{ name: string }>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY tablename',
      [schema],
    )
  ).rows.map(({ name }) => name);

/** What a data source would change in the database. */
const drift = async (dataSource: DataSource) =>
  (await dataSource.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);

/** Options of VerificationModule, with the fake provider. */
const withDatabase = (options: LibraryDatabaseOptions, provider = new FakeVerificationProvider()) => ({
  provider,
  keys: { encryption: ring('e1'), fingerprint: ring('f1') },
  database: options,
});

async function boot(imports: NonNullable<Parameters<typeof Module>[0]['imports']>) {
  @Module({ imports })
  class HostModule {}
  const app = await nestApplication(HostModule);
  apps.push(app);
  return app;
}

/** Starts a verification and types the right code. */
async function verifies(app: NestExpressApplication, provider: FakeVerificationProvider) {
  const verifications = app.get(VerificationService, { strict: false });
  const caller = { userId: 'anna' };
  const start = await verifications.start({ phoneNumber: NUMBER, caller });
  if (!start.ok) throw new Error(start.code);
  const requestId = start.request.id;
  const checked = await verifications.check({ requestId, code: provider.lastCode(NUMBER), caller });
  return checked.ok && checked.request.status;
}

describe('the names of the tables', () => {
  it('are in the text of every statement as it is written, when schema and prefix have their defaults', () => {
    const { inSql } = tableNames();
    for (const { text } of STATEMENTS.values()) expect(inSql(text)).toBe(text);
  });

  it('are put into every statement so that Postgres finds them without a search path', async () => {
    await migrate(database.url, ELSEWHERE);
    const { inSql } = tableNames(ELSEWHERE);
    const client = await sql.connect();
    try {
      await client.query('SET search_path = pg_catalog');
      let prepared = 0;
      for (const { name, text } of STATEMENTS.values()) {
        if (!text.includes('otp_')) continue;
        await expect(client.query(`PREPARE "${name}" AS ${text}`)).rejects.toThrow(/does not exist/);
        await client.query(`PREPARE "${name}" AS ${inSql(text)}`);
        prepared += 1;
      }
      expect(prepared).toBeGreaterThan(30);
    } finally {
      client.release(true);
    }
  });

  it.each([
    ['SELECT otp_a.id FROM otp_a', 'SELECT "auth".x_a.id FROM "auth".x_a'],
    ['SELECT 1 FROM otp_a a FOR UPDATE OF otp_a', 'SELECT 1 FROM "auth".x_a a FOR UPDATE OF x_a'],
    ['CREATE UNIQUE INDEX otp_i ON otp_a (b)', 'CREATE UNIQUE INDEX x_i ON "auth".x_a (b)'],
    [
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS otp_i ON otp_a (b)',
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS x_i ON "auth".x_a (b)',
    ],
    ['DROP INDEX CONCURRENTLY otp_i', 'DROP INDEX CONCURRENTLY "auth".x_i'],
    [
      'ALTER TABLE otp_a ADD CONSTRAINT otp_c CHECK (n > 0)',
      'ALTER TABLE "auth".x_a ADD CONSTRAINT x_c CHECK (n > 0)',
    ],
    [`SELECT 'otp_a', b.otp_c, sotp_d FROM b`, `SELECT 'otp_a', b.otp_c, sotp_d FROM b`],
  ])('turn %s into %s', (written, expected) => {
    expect(tableNames(ELSEWHERE).inSql(written)).toBe(expected);
  });

  it('and those of prepared statements stay short enough for Postgres to tell them apart, however long the schema’s is', () => {
    const { key } = tableNames({ schema: 's'.repeat(63), tablePrefix: 'p'.repeat(20) });
    expect(key).not.toBe(tableNames({ schema: 's'.repeat(62), tablePrefix: 'p'.repeat(20) }).key);
    for (const name of STATEMENTS.keys()) expect(`otp.${key}${name}`.length).toBeLessThan(64);
  });

  it('are refused if Postgres would have to quote them', () => {
    for (const schema of ['', 'Auth', 'a"; b', 'a b', '1a', 'a'.repeat(64)])
      expect(() => tableNames({ schema })).toThrow(/schema's name/);
    for (const tablePrefix of ['X_', 'a-', '1_', `x'`, 'a'.repeat(21)])
      expect(() => tableNames({ tablePrefix })).toThrow(/database.tablePrefix/);
    expect(tableNames({ tablePrefix: '' }).inSql('SELECT 1 FROM otp_a')).toBe('SELECT 1 FROM a');
  });
});

describe('the whole application with a schema and a prefix', () => {
  it('verifies, signs in, administers and deletes there, and neither data source would change anything', async () => {
    const own = await createEmptyDatabase();
    await migrate(own.url, ELSEWHERE);
    const application = await startApplication(
      {
        DATABASE_SCHEMA: ELSEWHERE.schema,
        DATABASE_TABLE_PREFIX: ELSEWHERE.tablePrefix,
        PROTECTION_MODE: 'enforce',
      },
      own,
    );
    try {
      const { requestId, code } = await application.started();
      expect(
        await application.client.json('POST', '/verify-otp', { requestId, otpCode: code }),
      ).toMatchObject({
        status: 200,
      });
      await application.sql.query('SET search_path = auth');
      const person = await (await new Visitor(application).signsUp()).enrols();
      expect((await person.get('/two-factor/settings')).status).toBe(200);
      const admin = await administrator(application);
      for (const path of ['verifications', 'decisions', 'statistics', 'audit', 'tokens', 'blocks', 'policy'])
        expect([path, (await admin.get(`/admin/${path}`)).status]).toEqual([path, 200]);
      const retention = application.app.get(Retention, { strict: false });
      await expect(retention.dryRun()).resolves.toBeDefined();
      await expect(retention.run('cli:test', 'a test')).resolves.toBeDefined();
      for (const token of [getDataSourceToken(LIBRARY_DATA_SOURCE), DataSource])
        expect(await drift(application.app.get(token))).toEqual([]);
      const { rows } = await application.sql.query<{ names: string[] }>(
        `SELECT array_agg(tablename::text) AS names FROM pg_tables WHERE schemaname = 'auth'`,
      );
      const { names } = rows[0]!;
      expect(names).toEqual(expect.arrayContaining(['x_migrations', 'x_idempotency_keys', 'host_users']));
      expect(names.filter((name) => !/^(x|host)_/.test(name))).toEqual([]);
    } finally {
      await application.close();
    }
  });
});

describe('a host', () => {
  it('with a plain pool of pg and no TypeORM of its own verifies a number, and its pool stays open', async () => {
    const provider = new FakeVerificationProvider();
    const app = await boot([
      VerificationModule.forRoot(withDatabase({ ...ELSEWHERE, pool: sql, migrationsRun: true }, provider)),
      ProtectionModule.forRoot({}),
      TwoFactorModule.forRoot({ sessions: new HeaderSessions() }),
    ]);
    expect(await verifies(app, provider)).toBe('VERIFIED');
    expect(await tables('public')).toEqual([]);
    expect(await tables('auth')).toContain('x_verification_requests');
    await apps.pop()!.close();
    expect((await sql.query('SELECT status FROM "auth".x_verification_requests')).rows).toEqual([
      { status: 'VERIFIED' },
    ]);
  });

  it('with options from a factory gets its pool by injection', async () => {
    const provider = new FakeVerificationProvider();
    @Module({ providers: [{ provide: 'POOL', useValue: sql }], exports: ['POOL'] })
    class PoolModule {}
    const app = await boot([
      VerificationModule.forRootAsync({
        imports: [PoolModule],
        inject: ['POOL'],
        useFactory: (pool: pg.Pool) => withDatabase({ pool, migrationsRun: true }, provider),
      }),
    ]);
    expect(await verifies(app, provider)).toBe('VERIFIED');
  });

  it('has tables with our names in a schema of its own, its own ledger, and a named data source', async () => {
    const HostKey = new EntitySchema<{ id: string }>({
      name: 'HostKey',
      tableName: 'idempotency_keys',
      columns: { id: { type: 'text', primary: true, primaryKeyConstraintName: 'idempotency_keys_pkey' } },
    });
    class CreateKeys1700000000000 {
      up = (runner: { query: (text: string) => Promise<unknown> }) =>
        runner.query(
          'CREATE TABLE shop.idempotency_keys (id text CONSTRAINT idempotency_keys_pkey PRIMARY KEY)',
        );
      down = async () => undefined;
    }
    await sql.query('CREATE SCHEMA shop');
    const provider = new FakeVerificationProvider();
    const app = await boot([
      TypeOrmModule.forRoot({
        name: 'shop',
        type: 'postgres',
        url: database.url,
        schema: 'shop',
        installExtensions: false,
        entities: [HostKey],
        migrations: [CreateKeys1700000000000, ...migrations],
        migrationsTableName: 'migrations',
        migrationsRun: true,
      }),
      VerificationModule.forRoot(withDatabase({ dataSource: 'shop' }, provider)),
      ProtectionModule.forRoot({}),
    ]);
    expect(await verifies(app, provider)).toBe('VERIFIED');
    const host = app.get<DataSource>(getDataSourceToken('shop'));
    await host.getRepository(HostKey).insert({ id: 'of the host' });
    expect(await tables('shop')).toEqual(['idempotency_keys', 'migrations']);
    expect(await tables('public')).toContain('otp_idempotency_keys');
    expect(await drift(host)).toEqual([]);
    expect(await drift(app.get(getDataSourceToken(LIBRARY_DATA_SOURCE)))).toEqual([]);
    expect(await runMigrations(database.url)).toEqual([]);
  });

  it('can have two applications in one database, on one pool', async () => {
    const providers = [new FakeVerificationProvider(), new FakeVerificationProvider()];
    const prefixes = ['staff_', 'people_'];
    for (const [i, tablePrefix] of prefixes.entries()) {
      const app = await boot([
        VerificationModule.forRoot(
          withDatabase({ pool: sql, tablePrefix, migrationsRun: true }, providers[i]),
        ),
      ]);
      expect(await verifies(app, providers[i]!)).toBe('VERIFIED');
    }
    for (const [i, app] of apps.entries()) expect(await verifies(app, providers[i]!)).toBe('VERIFIED');
    for (const prefix of prefixes)
      expect((await sql.query(`SELECT 1 FROM ${prefix}verification_requests`)).rows).toHaveLength(2);
  });

  it('does not start while migrations are pending, and is told how many and what to do', async () => {
    const verification = () => VerificationModule.forRoot(withDatabase({ pool: sql, ...ELSEWHERE }));
    await expect(boot([verification()])).rejects.toThrow(
      /^14 migrations are pending \(not in "auth"\.x_migrations\): run runMigrations\(…\).* or set database\.migrationsRun to true$/,
    );
    await runMigrations(sql, { ...ELSEWHERE, modules: ['verification'] });
    await expect(boot([verification()])).resolves.toBeDefined();
    await expect(boot([verification(), ProtectionModule.forRoot({})])).rejects.toThrow(
      /^3 migrations are pending/,
    );
    await expect(
      boot([
        verification(),
        TwoFactorModule.forRoot({ sessions: new HeaderSessions() }),
        AdminModule.forRoot({ isAdmin: () => false }),
      ]),
    ).rejects.toThrow(/^16 migrations are pending/);
  });

  it('is told which data source is missing', async () => {
    await expect(boot([VerificationModule.forRoot(withDatabase({}))])).rejects.toThrow(
      'VerificationModule needs a database: import TypeOrmModule.forRoot(…)',
    );
    await expect(boot([VerificationModule.forRoot(withDatabase({ dataSource: 'shop' }))])).rejects.toThrow(
      'there is no TypeORM data source named "shop"',
    );
  });
});

describe('the data source of the application', () => {
  it('would not create, change or drop anything of ours', async () => {
    const migrated = await createTestDatabase();
    const host = await new DataSource({ type: 'postgres', url: migrated.url }).initialize();
    try {
      expect(await drift(host)).toEqual([]);
    } finally {
      await host.destroy();
      await migrated.drop();
    }
  });
});
