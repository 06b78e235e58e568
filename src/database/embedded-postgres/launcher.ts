import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { applicationUrl, ensureApplicationDatabase } from './application-database.js';
import { locateBinaries } from './binaries.js';
import { ensureCluster, readPassword, SUPERUSER } from './cluster.js';
import { EmbeddedPostgresError } from './error.js';
import { type Owner, own } from './owner.js';
import { findServer, launchServer, type RunningServer, stopServer } from './server.js';
import { chooseServerUser } from './server-user.js';
import { isWatched, type Watchdog, watch, watchdogFile } from './watchdog.js';

export interface EmbeddedPostgresOptions {
  /** Made if absent; its password and log lie beside it. */
  dataDirectory: string;
  /** Trades durability for speed: for data that may be lost. */
  forTests?: boolean;
}

export interface EmbeddedPostgres {
  /** The connection of an ordinary role to its own database `app`. */
  url: string;
  /** The superuser's, for tests that make databases and tamper with them. */
  adminUrl: string;
  /** True when a server that an earlier, killed run had left behind was taken over. */
  adopted: boolean;
  /** Shuts the server down and leaves no process behind. */
  stop(): Promise<void>;
}

const ORPHAN_LIMIT_MS = 30_000;
/** A watchdog whose owner died acts at once; what still lives after this is another process with its id. */
const WATCHDOG_LIMIT_MS = 5000;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  // Parameters are personal data; errors must not quote them.
  log_parameter_max_length_on_error: '0',
  log_min_error_statement: 'panic',
};
const FAST_SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * A real Postgres of our own, for a machine that has none. One owner at a time per data directory.
 * @throws EmbeddedPostgresError that says what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDirectory = resolve(options.dataDirectory);
  const binaries = locateBinaries();
  mkdirSync(dirname(dataDirectory), { recursive: true });
  const user = chooseServerUser([binaries.root, dirname(dataDirectory)], dataDirectory);

  // Around the first initdb and the start: two simultaneous first starts would spoil each other's work.
  const unlock = await lockStartUp(dataDirectory);
  try {
    const orphan = await takeOver(dataDirectory);
    if (orphan) {
      const watchdog = watch(orphan.server.pid, watchdogFile(dataDirectory));
      return await handOver(dataDirectory, orphan.server, watchdog, orphan.owner, true);
    }
    await ensureCluster(dataDirectory, binaries, user);
    const password = readPassword(dataDirectory);
    const settings = { ...SETTINGS, ...(options.forTests ? FAST_SETTINGS : {}) };
    const { server, watchdog } = await launchServer(dataDirectory, binaries, user, password, settings);
    const owner = await own(server, password);
    if (!owner) throw new EmbeddedPostgresError('a server that was just started has an owner');
    return await handOver(dataDirectory, server, watchdog, owner, false);
  } finally {
    await unlock().catch(() => undefined);
  }
}

/**
 * The connection of the application's role to a server that is already running; null if none is.
 * @throws EmbeddedPostgresError when it belongs to another user of this machine
 */
export function findEmbeddedPostgres(dataDirectory: string): string | null {
  const server = findServer(dataDirectory);
  return server && applicationUrl(server, readPassword(dataDirectory));
}

/** Adopts the server of a killed run, waits for one that is shutting down, refuses one whose owner lives. */
async function takeOver(dataDirectory: string): Promise<{ server: RunningServer; owner: Owner } | null> {
  const since = Date.now();
  const giveUpAt = since + ORPHAN_LIMIT_MS;
  for (;;) {
    const server = findServer(dataDirectory);
    if (!server) return null;
    try {
      const owner = await own(server, readPassword(dataDirectory));
      if (owner && isWatched(watchdogFile(dataDirectory)) && Date.now() < since + WATCHDOG_LIMIT_MS) {
        await owner.release();
        await sleep(100);
        continue;
      }
      if (owner) return { server, owner };
      throw new EmbeddedPostgresError(
        `${dataDirectory} is in use by another running application. ` +
          'Stop that one first, or give this one its own data with DATA_DIRECTORY, or a shared database with DATABASE_URL.',
      );
    } catch (error) {
      if (error instanceof EmbeddedPostgresError) throw error;
      if (Date.now() > giveUpAt) {
        throw new EmbeddedPostgresError(
          `A Postgres (process ${server.pid}) runs on ${dataDirectory} but does not answer. End it and start again.`,
          { cause: error },
        );
      }
      await sleep(100);
    }
  }
}

async function handOver(
  dataDirectory: string,
  server: RunningServer,
  watchdog: Watchdog,
  owner: Owner,
  adopted: boolean,
): Promise<EmbeddedPostgres> {
  const password = readPassword(dataDirectory);
  const url = await ensureApplicationDatabase(server, password);
  let stopped: Promise<void> | undefined;
  return {
    url,
    adminUrl: `postgres://${SUPERUSER}:${password}@127.0.0.1:${server.port}/postgres?sslmode=disable`,
    adopted,
    stop: () =>
      (stopped ??= (async () => {
        await owner.release();
        await stopServer(server);
        await watchdog.dismiss();
      })()),
  };
}

async function lockStartUp(dataDirectory: string): Promise<() => Promise<void>> {
  try {
    return await lockfile.lock(dirname(dataDirectory), {
      lockfilePath: `${dataDirectory}.lock`,
      stale: 5000,
      update: 1000,
      retries: { retries: 300, factor: 1, minTimeout: 200 },
      onCompromised: () => undefined,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    throw new EmbeddedPostgresError(
      `Another application has been starting a database in ${dataDirectory} for more than a minute. Wait for it, or stop it.`,
      { cause: error },
    );
  }
}
