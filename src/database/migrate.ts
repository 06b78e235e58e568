import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';

/** Any number, the same in every instance: "otp migrations". */
const MIGRATION_LOCK = 7_367_011;

/**
 * Brings the schema up to date. Safe when several instances start at once: they queue on an advisory lock, and those
 * that come second find nothing to do.
 * @returns the names of the migrations that ran
 */
export function runMigrations(databaseUrl: string): Promise<string[]> {
  return underLock(databaseUrl, async (dataSource) => {
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  });
}

/** Takes the newest migration back. */
export function revertLastMigration(databaseUrl: string): Promise<void> {
  return underLock(databaseUrl, (dataSource) => dataSource.undoLastMigration({ transaction: 'each' }));
}

async function underLock<T>(databaseUrl: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  // Two connections: one holds the lock for the session, the other one migrates. No statement time-out: indexes take long.
  const options = dataSourceOptions({ url: databaseUrl, poolSize: 2, statementTimeoutMs: 0, entities: [] });
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
