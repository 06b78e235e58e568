import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import { connectionProblem, isLasting } from './connection-problem.js';
import { dataSourceOptions } from './data-source-options.js';
import { LibraryDataSource } from './library-data-source.js';
import {
  createLedger,
  createSchema,
  LEDGER,
  type MigrationClass,
  migrationsOf,
  type ModuleName,
} from './library-migrations.js';
import { poolOf } from './sql.js';
import { type TableNames, type TableOptions, tableNames } from './table-names.js';

/** The same number in every instance. Any number would do. */
const MIGRATION_LOCK = 7_367_011;
const CONNECT_TRIES = 5;
const RETRY_FOR_MS = 300_000;
/** How long to wait between two tries to become the one that migrates. */
const POLL_MS = 100;
/** Postgres's code for a lock that was not to be had within `lock_timeout`. */
const LOCK_NOT_AVAILABLE = '55P03';
/** Postgres's code for a table that does not exist. */
const NO_SUCH_TABLE = '42P01';

/** A database: its URL, a pool of `pg` that may open two connections at once, or a connected TypeORM data source. */
export type Database = string | Pool | DataSource;

/** Options of {@link runMigrations}. The schema is created if it does not exist. */
export interface MigrationOptions extends TableOptions {
  /**
   * The modules that you import. `AdminModule` needs the tables of all of them.
   * @default all modules
   */
  modules?: readonly ModuleName[];
  /** @default those of the modules */
  migrations?: readonly MigrationClass[];
  /**
   * How long a migration may wait for a lock. While it waits, the requests that want the same table queue behind it.
   * @default 2000
   */
  lockTimeoutMs?: number;
  /**
   * How long to retry a migration that did not get its lock, and how long to wait for another instance that migrates.
   * @default 300_000
   */
  retryForMs?: number;
  /** Called before each retry, and once when another instance is migrating; the message is a sentence for people. */
  onRetry?: (error: Error) => void;
}

/**
 * Brings the schema up to date. Safe when several instances start at once: one migrates, the others wait for it. Safe
 * beside running instances: a migration gives up its place in a table's queue after `lockTimeoutMs`, lets the requests
 * behind it through, and is retried.
 * @param database as the role that owns the tables
 * @returns the names of the migrations that ran
 * @throws Error if a migration fails, or did not get its lock within `retryForMs`: then it says what to do
 */
export function runMigrations(database: Database, options: MigrationOptions = {}): Promise<string[]> {
  return withMigrationLock(database, options, async (dataSource, names) => {
    const pending = await pendingOf(dataSource, names);
    await retryOnLockTimeout(options, () => dataSource.runMigrations({ transaction: 'each' }));
    return pending;
  });
}

/** Reverts the newest migration, as politely as {@link runMigrations}. */
export function revertLastMigration(database: Database, options: MigrationOptions = {}): Promise<void> {
  return withMigrationLock(database, options, (dataSource) =>
    retryOnLockTimeout(options, () => dataSource.undoLastMigration({ transaction: 'each' })),
  );
}

/**
 * Lists the migrations of this version that the database lacks. Waits a few seconds for a database that is just starting.
 * @throws Error without the URL, which holds a password
 */
export async function pendingMigrations(
  databaseUrl: string,
  options: Pick<MigrationOptions, 'migrations' | 'modules' | 'schema' | 'tablePrefix'> = {},
): Promise<string[]> {
  const dataSource = await connectPatiently(databaseUrl, connection(databaseUrl, options, { poolSize: 1 }));
  try {
    await requireSearchPath(dataSource, options.schema);
    return await pendingOf(dataSource, tableNames(options));
  } finally {
    await dataSource.destroy();
  }
}

/** The data source's migrations that its database lacks. One query. */
export async function pendingOf(dataSource: DataSource, names: TableNames): Promise<string[]> {
  const rows = await dataSource
    .query<{ name: string }[]>(`SELECT name FROM ${names.inSql(LEDGER)}`)
    .catch((error: { code?: string }) => {
      if (error.code !== NO_SUCH_TABLE) throw error;
      return [];
    });
  const done = new Set(rows.map(({ name }) => name));
  return dataSource.migrations.map(({ name }) => name ?? '').filter((name) => !done.has(name));
}

const connection = (
  url: string,
  { migrations, modules, schema, tablePrefix }: MigrationOptions,
  limits: { poolSize: number; statementTimeoutMs?: number; lockTimeoutMs?: number },
) =>
  dataSourceOptions({
    url,
    entities: [],
    migrations: migrations ?? migrationsOf(modules),
    ...(schema === undefined ? {} : { schema }),
    ...(tablePrefix === undefined ? {} : { tablePrefix }),
    ...limits,
  });

/** Two connections: one holds the lock in a transaction, the other one migrates. No statement timeout: indexes take long. */
function dataSourceFor(database: Database, names: TableNames, options: MigrationOptions): DataSource {
  const lockTimeoutMs = options.lockTimeoutMs ?? 2000;
  if (typeof database === 'string')
    return new DataSource(
      connection(database, options, { poolSize: 2, statementTimeoutMs: 0, lockTimeoutMs }),
    );
  const migrations = options.migrations ?? migrationsOf(options.modules);
  const tables = { entities: [], migrations };
  const pool = database instanceof DataSource ? () => poolOf(database) : () => database;
  // The pool is the application's: its sessions stay as they are.
  const settings = {
    isPooled: true,
    values: { statement_timeout: 0, lock_timeout: lockTimeoutMs },
  };
  return new LibraryDataSource(pool, names, tables, settings);
}

const unreachable = (error: unknown, url: string): Error =>
  new Error(`Could not reach the database of DATABASE_URL: ${connectionProblem(error, url)}`, {
    cause: error,
  });

async function connectPatiently(
  url: string,
  options: ReturnType<typeof dataSourceOptions>,
): Promise<DataSource> {
  for (let triesLeft = CONNECT_TRIES; ; triesLeft -= 1) {
    try {
      return await new DataSource(options).initialize();
    } catch (error) {
      if (triesLeft <= 1 || isLasting(error)) throw unreachable(error, url);
      await sleep(1000);
    }
  }
}

async function withMigrationLock<T>(
  database: Database,
  options: MigrationOptions,
  work: (dataSource: DataSource, names: TableNames) => Promise<T>,
): Promise<T> {
  const names = tableNames(options);
  const dataSource = await dataSourceFor(database, names, options)
    .initialize()
    .catch((error: unknown) => {
      throw typeof database === 'string' ? unreachable(error, database) : error;
    });
  const holder = dataSource.createQueryRunner();
  try {
    await takeMigrationLock(holder, options);
    for (const statement of createSchema(names)) await dataSource.query(statement);
    if (typeof database === 'string') await requireSearchPath(dataSource, options.schema);
    await dataSource.query(createLedger(names));
    return await work(dataSource, names);
  } finally {
    // Ends the transaction, and with it the lock.
    if (holder.isTransactionActive) await holder.rollbackTransaction().catch(() => undefined);
    await holder.release();
    await dataSource.destroy();
  }
}

/**
 * Takes the lock for a transaction that stays open, because a pooler may give each transaction another session. Asks again
 * and again instead of waiting in one statement: CREATE INDEX CONCURRENTLY waits for every statement that began before it,
 * and one that waits for this lock would wait for the index in turn.
 */
async function takeMigrationLock(
  holder: QueryRunner,
  { retryForMs = RETRY_FOR_MS, onRetry }: MigrationOptions,
): Promise<void> {
  const giveUpAt = Date.now() + retryForMs;
  for (let tries = 0; ; tries += 1) {
    await holder.startTransaction('READ COMMITTED');
    // The transaction is idle for as long as the migrations take.
    await holder.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    // Without parameters: a prepared query keeps its snapshot, and CREATE INDEX CONCURRENTLY would wait for that too.
    const [{ taken }] = (await holder.query(
      `SELECT pg_try_advisory_xact_lock(${MIGRATION_LOCK}) AS taken`,
    )) as [{ taken: boolean }];
    if (taken) return;
    await holder.rollbackTransaction();
    if (Date.now() >= giveUpAt)
      throw new Error(
        `Another migration has been running for more than ${retryForMs / 1000} s. Wait until it ends, or end its session (pg_locks, locktype "advisory", objid ${MIGRATION_LOCK}), and try again.`,
      );
    if (tries === 0) onRetry?.(new Error('Another migration is running.'));
    await sleep(POLL_MS * (1 + Math.random()));
  }
}

/**
 * Behind a pooler, statements find the schema only by the role's own search path.
 * @throws Error that says how to set it
 */
async function requireSearchPath(dataSource: DataSource, schema = 'public'): Promise<void> {
  const [{ found, role }] = await dataSource.query<[{ found: string | null; role: string }]>(
    'SELECT current_schema() AS found, quote_ident(current_user) AS role',
  );
  // No schema at all: it does not exist yet.
  if (found === schema || found === null) return;
  throw new Error(
    `The role of DATABASE_URL finds tables in the schema "${found}", not in "${schema}". Behind a pooler it needs: ALTER ROLE ${role} SET search_path = ${schema}, pg_temp`,
  );
}

async function retryOnLockTimeout(
  { lockTimeoutMs = 2000, retryForMs = RETRY_FOR_MS, onRetry }: MigrationOptions,
  work: () => Promise<unknown>,
): Promise<void> {
  const giveUpAt = Date.now() + retryForMs;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      const waited = `A table is in use: its lock was not available within ${lockTimeoutMs} ms (lock timeout).`;
      if (Date.now() >= giveUpAt)
        throw new Error(
          `${waited} The migration was rolled back. Look for a long transaction in pg_stat_activity, end it, and try again.`,
          { cause: error },
        );
      onRetry?.(new Error(waited));
      // At least as long as the requests behind it had to wait.
      await sleep(lockTimeoutMs * (1 + Math.random()));
    }
  }
}
