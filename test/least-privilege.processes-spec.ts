import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { migrate } from '../src/schema.js';
import { freshNumber } from './support/application.js';
import { type LoggedInstance, startLoggedInstance } from './support/logged-instance.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './support/database.js';
import { run } from './support/program.js';
import { until } from './support/until.js';

/** The statements of the page for a schema, for roles of this test: roles belong to the whole cluster. */
function documentedStatements(schema: string, roles: { application: string; otp_retention: string }): string {
  const page = readFileSync('docs/operations.md', 'utf8');
  const statementsOf = (title: string) =>
    /```sql\n([\s\S]+?)```/.exec(page.slice(page.indexOf(`\n## ${title}\n`)))![1]!;
  const statements =
    statementsOf('Roles in Postgres').replaceAll('SCHEMA public', `SCHEMA ${schema}`) +
    (schema === 'public' ? '' : statementsOf('A schema of its own'));
  return statements
    .replaceAll(/\bapplication\b(?=;|,| N)/g, roles.application)
    .replaceAll(/\botp_retention\b/g, roles.otp_retention);
}

describe.each(['public', 'otp'])('the role that docs/operations.md describes, in the schema %s', (schema) => {
  const suffix = randomBytes(4).toString('hex');
  const roles = { application: `app_${suffix}`, otp_retention: `otp_retention_${suffix}` };
  let database: TestDatabase;
  let owner: pg.Client;
  let instance: LoggedInstance;
  const asRole = () => {
    const url = new URL(database.url);
    url.username = roles.application;
    url.password = 'secret';
    return url.href;
  };

  beforeAll(async () => {
    database = await (schema === 'public' ? createTestDatabase() : createEmptyDatabase());
    if (schema !== 'public') await migrate(database.url, { schema });
    owner = new pg.Client({ connectionString: database.adminUrl });
    await owner.connect();
    await owner.query(`SET search_path = ${schema}`);
    await owner.query(`CREATE ROLE ${roles.application} LOGIN PASSWORD 'secret'`);
    await owner.query(documentedStatements(schema, roles));
    instance = await startLoggedInstance({
      DATABASE_SCHEMA: schema,
      DATABASE_URL: asRole(),
      JOURNAL_SEAL_SECONDS: '1',
      STATISTICS_EVERY_SECONDS: '1',
      PROTECTION_WATCH_SECONDS: '1',
      RECONCILE_EVERY_SECONDS: '1',
    });
  });
  afterAll(async () => {
    await instance?.close();
    await owner?.query(`DROP OWNED BY ${roles.application}, ${roles.otp_retention}`);
    await owner?.query(`DROP ROLE ${roles.application}, ${roles.otp_retention}`);
    await owner?.end();
    await database?.drop();
  });

  it('suffices for the flow and for everything that an instance does by itself', async () => {
    const number = freshNumber();
    const { body } = await instance.post('/request-otp', { phoneNumber: number });
    const verified = await instance.post('/verify-otp', {
      requestId: body['requestId'],
      otpCode: instance.sandbox.ledger(number).at(-1)!.code,
    });
    expect(verified.status).toBe(200);
    const exists = async (query: string) => (await owner.query(query)).rowCount! > 0;
    await until(() => exists('SELECT FROM otp_journal_seals'), { what: 'a seal' });
    await until(() => exists('SELECT FROM otp_verification_rollups'), { what: 'statistics' });
    expect(instance.lines().filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it('cannot delete or change an event, a seal or an entry of the audit', async () => {
    const client = new pg.Client({ connectionString: asRole() });
    await client.connect();
    try {
      for (const table of ['otp_verification_events', 'otp_journal_seals', 'otp_admin_audit'])
        await expect(client.query(`DELETE FROM ${schema}.${table}`)).rejects.toMatchObject({ code: '42501' });
      const change = client.query(`UPDATE ${schema}.otp_verification_events SET number = 9`);
      await expect(change).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });

  it('suffices for retention, which says so if its role may not use the schema', async () => {
    await owner.query(`UPDATE otp_verification_requests SET created_at = created_at - interval '500 days'`);
    await owner.query(`UPDATE otp_verification_events SET at = at - interval '500 days'`);
    await owner.query(`UPDATE otp_journal_seals SET newest_at = newest_at - interval '500 days'`);
    if (schema !== 'public') {
      await owner.query(`REVOKE USAGE ON SCHEMA ${schema} FROM ${roles.otp_retention}`);
      await expect(retention({ RETENTION: 'on' })).rejects.toThrow('may not delete old requests');
      await owner.query(`GRANT USAGE ON SCHEMA ${schema} TO ${roles.otp_retention}`);
    }
    expect(await retention({ RETENTION: 'on' })).toMatch(/verification_events: [1-9]/);
    expect((await owner.query('SELECT FROM otp_verification_events')).rowCount).toBe(0);
  });

  it('RETENTION=off says so in the command', async () => {
    expect(await retention({ RETENTION: 'off' })).toContain(
      'RETENTION=off: requests, events and decisions are kept.',
    );
    expect(await retention({ RETENTION: 'off' }, ['--dry-run'])).toContain('RETENTION=off: requests, events');
  });

  async function retention(env: Record<string, string>, more = ['--yes']): Promise<string> {
    const args = ['dist/src/commands/admin.js', 'retention', '--reason', 'a test', ...more];
    const program = run(process.execPath, args, {
      ...env,
      DATABASE_URL: asRole(),
      DATABASE_SCHEMA: schema,
      SANDBOX: 'on',
    });
    await program.ended();
    if (program.process.exitCode !== 0) throw new Error(program.output());
    return program.output();
  }
});
