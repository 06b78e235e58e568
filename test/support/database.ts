import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface TestDatabase {
  /** As the application's role. */
  url: string;
  /** As the role that made it: the superuser, where the tests have brought their own server. */
  adminUrl: string;
  drop(): Promise<void>;
}

const TEMPLATE_LOCK = 7_367_099;

/** A migrated, empty database of the caller's own. */
export function createTestDatabase(): Promise<TestDatabase> {
  return create(`TEMPLATE ${process.env['TEST_TEMPLATE_DATABASE']}`);
}

/** A database without any schema. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create('');
}

async function create(clause: string): Promise<TestDatabase> {
  const name = `otp_test_${randomBytes(6).toString('hex')}`;
  const withName = (base: string) => {
    const url = new URL(base);
    url.pathname = name;
    return url.href;
  };
  const url = withName(process.env['TEST_APPLICATION_URL']!);
  // One copy at a time: Postgres refuses to copy a template that another session is copying.
  await asAdmin(async (admin) => {
    await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    await admin.query(
      `CREATE DATABASE ${name} OWNER ${pg.escapeIdentifier(decodeURIComponent(new URL(url).username))} ${clause}`,
    );
  });
  return {
    url,
    adminUrl: withName(process.env['TEST_POSTGRES_URL']!),
    drop: () =>
      asAdmin(async (admin) => {
        await untilUnused(admin, name);
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

/**
 * Waits a second at most. A pool has ended before its connections are closed, and to terminate one at that moment is an
 * error that nobody handles.
 */
async function untilUnused(admin: pg.Client, name: string): Promise<void> {
  for (let tries = 0; tries < 40; tries += 1) {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_stat_activity WHERE datname = $1', [name]);
    if (rowCount === 0) return;
    await sleep(25);
  }
}

async function asAdmin(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
