import { getDataSourceToken } from '@nestjs/typeorm';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { LIBRARY_DATA_SOURCE } from '../src/database/library-data-source.js';
import { STATEMENTS } from '../src/database/statement.js';
import { tableNames } from '../src/database/table-names.js';
import { Retention } from '../src/index.js';
import { migrate } from '../src/schema.js';
import { administrator } from './admin/administrator.js';
import { Visitor } from './host/visitor.js';
import { startApplication } from './support/application.js';
import { createEmptyDatabase, createTestDatabase } from './support/database.js';
import { drift } from './support/drift.js';

const ELSEWHERE = { schema: 'auth', tablePrefix: 'x_' };

describe('the names of the tables', () => {
  it('are in the text of every statement as it is written, when schema and prefix have their defaults', () => {
    const { inSql } = tableNames();
    for (const { text } of STATEMENTS.values()) expect(inSql(text)).toBe(text);
  });

  it('are put into every statement so that Postgres finds them without a search path', async () => {
    const database = await createEmptyDatabase();
    await migrate(database.url, ELSEWHERE);
    const { inSql } = tableNames(ELSEWHERE);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
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
      await client.end();
      await database.drop();
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
    // The table of migrations would be the host's.
    for (const schema of [undefined, 'public'])
      expect(() => tableNames({ schema, tablePrefix: '' })).toThrow(/database.tablePrefix/);
    expect(tableNames({ schema: 's', tablePrefix: '' }).inSql('SELECT 1 FROM otp_a')).toBe(
      'SELECT 1 FROM "s".a',
    );
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
