import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import pg from 'pg';
import { type DataSource, EntitySchema } from 'typeorm';
import { LIBRARY_DATA_SOURCE } from '../src/database/library-data-source.js';
import {
  AdminModule,
  type LibraryDatabaseOptions,
  migrations,
  ProtectionModule,
  runMigrations,
  TwoFactorModule,
  VerificationModule,
  VerificationService,
} from '../src/index.js';
import { FakeVerificationProvider } from '../src/testing/index.js';
import { createEmptyDatabase, type TestDatabase } from './support/database.js';
import { drift } from './support/drift.js';
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
