import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { dataSourceOptions, type MigrationList, MIGRATIONS_TABLE } from './data-source-options.js';

/** Any number, the same in every instance: "otp migrations". */
const MIGRATION_LOCK = 7_367_011;
const CONNECT_TRIES = 5;

/**
 * Brings the schema up to date. Safe when several instances start at once: they queue on an advisory lock, and those
 * that come second find nothing to do.
 * @param migrations the library's unless told
 * @returns the names of the migrations that ran
 */
export function runMigrations(databaseUrl: string, migrations?: MigrationList): Promise<string[]> {
  return underLock(databaseUrl, migrations, async (dataSource) => {
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  });
}

/**
 * Waits a few seconds for a database that is just starting, and tells what this version's migrations it lacks.
 * @throws Error without the URL, which holds a password
 */
export async function pendingMigrations(databaseUrl: string, migrations?: MigrationList): Promise<string[]> {
  const dataSource = await connectPatiently(databaseUrl, migrations);
  try {
    const [{ exists }] = await dataSource.query<[{ exists: boolean }]>(
      `SELECT to_regclass('${MIGRATIONS_TABLE}') IS NOT NULL AS exists`,
    );
    const rows = exists
      ? await dataSource.query<{ name: string }[]>(`SELECT name FROM ${MIGRATIONS_TABLE}`)
      : [];
    const done = new Set(rows.map(({ name }) => name));
    return dataSource.migrations.map(({ name }) => name ?? '').filter((name) => !done.has(name));
  } finally {
    await dataSource.destroy();
  }
}

async function connectPatiently(url: string, migrations: MigrationList | undefined): Promise<DataSource> {
  for (let triesLeft = CONNECT_TRIES; ; triesLeft -= 1) {
    try {
      return await new DataSource(
        dataSourceOptions({ url, poolSize: 1, entities: [], ...(migrations ? { migrations } : {}) }),
      ).initialize();
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (triesLeft <= 1)
        throw new Error(`Could not reach the database of DATABASE_URL: ${code ?? message}`, { cause: error });
      await sleep(1000);
    }
  }
}

/** Takes the newest migration back. */
export function revertLastMigration(databaseUrl: string, migrations?: MigrationList): Promise<void> {
  return underLock(databaseUrl, migrations, (dataSource) =>
    dataSource.undoLastMigration({ transaction: 'each' }),
  );
}

async function underLock<T>(
  databaseUrl: string,
  migrations: MigrationList | undefined,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  // Two connections: one holds the lock for the session, the other one migrates. No statement time-out: indexes take long.
  const options = dataSourceOptions({
    url: databaseUrl,
    poolSize: 2,
    statementTimeoutMs: 0,
    entities: [],
    ...(migrations ? { migrations } : {}),
  });
  const dataSource = await new DataSource(options).initialize();
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work(dataSource);
  } finally {
    // Ends the session, and with it the lock.
    await holder.release();
    await dataSource.destroy();
  }
}
