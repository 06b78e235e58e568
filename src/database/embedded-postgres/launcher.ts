import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import lockfile from 'proper-lockfile';
import { locateBinaries } from './binaries.js';
import { ensureCluster, readPassword, SUPERUSER } from './cluster.js';
import { EmbeddedPostgresError } from './error.js';
import { connect, findServer, launchServer, type RunningServer, stopServer } from './server.js';
import { chooseServerUser } from './server-user.js';
import { isWatched, watch } from './watchdog.js';

export interface EmbeddedPostgresOptions {
  /** Made if absent; its password and log lie beside it. */
  dataDirectory: string;
  /** Trades durability for speed: for data that nobody will miss. */
  forTests?: boolean;
}

export interface EmbeddedPostgres {
  /** A superuser's connection to the database `app`. */
  url: string;
  /** True when a server that an earlier, killed run had left behind was taken over. */
  adopted: boolean;
  /** Shuts the server down and leaves no process behind. */
  stop(): Promise<void>;
}

const DATABASE = 'app';
/** Held by the owner's connection as long as it lives: ends with its process, however that ends. */
const OWNER_LOCK = 7_367_010;
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
  const user = chooseServerUser([binaries.root, dirname(dataDirectory)]);

  // Around the first initdb and the start: two simultaneous first starts would spoil each other's work.
  const unlock = await lockfile.lock(dirname(dataDirectory), {
    lockfilePath: `${dataDirectory}.lock`,
    stale: 5000,
    update: 1000,
    retries: { retries: 300, factor: 1, minTimeout: 200 },
    onCompromised: () => undefined,
  });
  try {
    const orphan = await takeOver(dataDirectory);
    if (orphan) return await ownership(dataDirectory, orphan.server, orphan.owner, true);
    ensureCluster(dataDirectory, binaries, user);
    const password = readPassword(dataDirectory);
    const settings = { ...SETTINGS, ...(options.forTests ? FAST_SETTINGS : {}) };
    const server = await launchServer(dataDirectory, binaries, user, password, settings);
    const owner = await own(server, password);
    if (!owner) throw new EmbeddedPostgresError('a server that was just started has an owner');
    return await ownership(dataDirectory, server, owner, false);
  } finally {
    await unlock().catch(() => undefined);
  }
}

/** Adopts the server of a killed run, waits for one that is shutting down, refuses one whose owner lives. */
async function takeOver(dataDirectory: string): Promise<{ server: RunningServer; owner: pg.Client } | null> {
  const since = Date.now();
  const giveUpAt = since + ORPHAN_LIMIT_MS;
  for (;;) {
    const server = findServer(dataDirectory);
    if (!server) return null;
    try {
      const owner = await own(server, readPassword(dataDirectory));
      if (owner && isWatched(`${dataDirectory}.watchdog`) && Date.now() < since + WATCHDOG_LIMIT_MS) {
        await owner.end();
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

/** The owner's connection, or null when somebody else holds it. */
async function own(server: RunningServer, password: string): Promise<pg.Client | null> {
  const client = await connect(server, password);
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
    OWNER_LOCK,
  ]);
  if (rows[0]?.taken) return client;
  await client.end();
  return null;
}

async function ownership(
  dataDirectory: string,
  server: RunningServer,
  owner: pg.Client,
  adopted: boolean,
): Promise<EmbeddedPostgres> {
  const watchdog = watch(server.pid, `${dataDirectory}.watchdog`);
  const password = readPassword(dataDirectory);
  const { rows } = await owner.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rows.length === 0) await owner.query(`CREATE DATABASE ${DATABASE}`);
  let stopped: Promise<void> | undefined;
  return {
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${server.port}/${DATABASE}`,
    adopted,
    stop: () =>
      (stopped ??= (async () => {
        await owner.end().catch(() => undefined);
        await stopServer(server);
        await watchdog.dismiss();
      })()),
  };
}
