import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import {
  type DatabaseOptions,
  dataSourceOptions,
  type MigrationList,
  MIGRATIONS_TABLE,
} from './data-source-options.js';

/** The same number in every instance. Any number would do. */
const MIGRATION_LOCK = 7_367_011;
const CONNECT_TRIES = 5;
/** Postgres's code for a lock that was not to be had within `lock_timeout`. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Options of {@link runMigrations}. */
export interface MigrationOptions {
  /** @default the library's migrations */
  migrations?: MigrationList;
  /**
   * The schema of our tables. It is created if it does not exist.
   * @default 'public'
   */
  schema?: string;
  /**
   * How long a migration may wait for a lock. While it waits, the requests that want the same table queue behind it.
   * @default 2000
   */
  lockTimeoutMs?: number;
  /**
   * How long to retry a migration that did not get its lock.
   * @default 300_000
   */
  retryForMs?: number;
  /** Called before each retry. */
  onRetry?: (error: Error) => void;
}

/**
 * Brings the schema up to date. Safe when several instances start at once: one migrates, the others wait for it. Safe
 * beside running instances: a migration gives up its place in a table's queue after `lockTimeoutMs`, lets the requests
 * behind it through, and is retried.
 * @param databaseUrl the role that owns the tables
 * @returns the names of the migrations that ran
 * @throws Error if a migration fails, or did not get its lock within `retryForMs`
 */
export function runMigrations(databaseUrl: string, options: MigrationOptions = {}): Promise<string[]> {
  return withMigrationLock(databaseUrl, options, async (dataSource) => {
    const pending = await pendingOf(dataSource);
    await retryOnLockTimeout(options, () => dataSource.runMigrations({ transaction: 'each' }));
    return pending;
  });
}

/** Reverts the newest migration, as politely as {@link runMigrations}. */
export function revertLastMigration(databaseUrl: string, options: MigrationOptions = {}): Promise<void> {
  return withMigrationLock(databaseUrl, options, (dataSource) =>
    retryOnLockTimeout(options, () => dataSource.undoLastMigration({ transaction: 'each' })),
  );
}

/**
 * Lists the migrations of this version that the database lacks. Waits a few seconds for a database that is just starting.
 * @throws Error without the URL, which holds a password
 */
export async function pendingMigrations(
  databaseUrl: string,
  options: Pick<MigrationOptions, 'migrations' | 'schema'> = {},
): Promise<string[]> {
  const dataSource = await connectPatiently(connection(databaseUrl, options, { poolSize: 1 }));
  try {
    return await pendingOf(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function pendingOf(dataSource: DataSource): Promise<string[]> {
  const [{ exists }] = await dataSource.query<[{ exists: boolean }]>(
    `SELECT to_regclass('${MIGRATIONS_TABLE}') IS NOT NULL AS exists`,
  );
  const rows = exists
    ? await dataSource.query<{ name: string }[]>(`SELECT name FROM ${MIGRATIONS_TABLE}`)
    : [];
  const done = new Set(rows.map(({ name }) => name));
  return dataSource.migrations.map(({ name }) => name ?? '').filter((name) => !done.has(name));
}

const connection = (
  url: string,
  { migrations, schema }: Pick<MigrationOptions, 'migrations' | 'schema'>,
  more: Partial<DatabaseOptions>,
) =>
  dataSourceOptions({
    url,
    entities: [],
    ...(migrations ? { migrations } : {}),
    ...(schema ? { schema } : {}),
    ...more,
  });

async function connectPatiently(options: ReturnType<typeof dataSourceOptions>): Promise<DataSource> {
  for (let triesLeft = CONNECT_TRIES; ; triesLeft -= 1) {
    try {
      return await new DataSource(options).initialize();
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (triesLeft <= 1)
        throw new Error(`Could not reach the database of DATABASE_URL: ${code ?? message}`, { cause: error });
      await sleep(1000);
    }
  }
}

async function withMigrationLock<T>(
  databaseUrl: string,
  options: MigrationOptions,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  // Two connections: one holds the lock for its session, the other one migrates. No statement timeout: indexes take long.
  const dataSource = await new DataSource(
    connection(databaseUrl, options, {
      poolSize: 2,
      statementTimeoutMs: 0,
      lockTimeoutMs: options.lockTimeoutMs ?? 2000,
    }),
  ).initialize();
  const holder = dataSource.createQueryRunner();
  try {
    await takeMigrationLock(holder);
    await createSchemaIfMissing(holder, options.schema ?? 'public');
    return await work(dataSource);
  } finally {
    // Ends the session, and with it the lock.
    await holder.release();
    await dataSource.destroy();
  }
}

/**
 * Asks again and again instead of waiting in one statement: CREATE INDEX CONCURRENTLY waits for every statement that began
 * before it, and one that waits for this lock would wait for the index in turn.
 */
async function takeMigrationLock(holder: QueryRunner): Promise<void> {
  for (;;) {
    const [{ taken }] = (await holder.query('SELECT pg_try_advisory_lock($1) AS taken', [
      MIGRATION_LOCK,
    ])) as [{ taken: boolean }];
    if (taken) return;
    await sleep(100 + Math.random() * 100);
  }
}

/** CREATE SCHEMA IF NOT EXISTS needs the right to create one even where it exists. */
async function createSchemaIfMissing(holder: QueryRunner, schema: string): Promise<void> {
  const [{ exists }] = (await holder.query('SELECT to_regnamespace($1) IS NOT NULL AS exists', [
    `"${schema}"`,
  ])) as [{ exists: boolean }];
  if (!exists) await holder.query(`CREATE SCHEMA "${schema}"`);
}

async function retryOnLockTimeout(
  { lockTimeoutMs = 2000, retryForMs = 300_000, onRetry }: MigrationOptions,
  work: () => Promise<unknown>,
): Promise<void> {
  const giveUpAt = Date.now() + retryForMs;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE || Date.now() >= giveUpAt) throw error;
      onRetry?.(error as Error);
      // At least as long as the requests behind it had to wait.
      await sleep(lockTimeoutMs * (1 + Math.random()));
    }
  }
}
