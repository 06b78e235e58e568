import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresBinaries } from './binaries.js';
import { SUPERUSER } from './cluster.js';
import { EmbeddedPostgresError } from './error.js';
import { commandOf, isAlive, signal } from './processes.js';
import type { ServerUser } from './server-user.js';
import { type Watchdog, watch, watchdogFile } from './watchdog.js';

export interface RunningServer {
  pid: number;
  port: number;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;

/** What `postmaster.pid` says, if the process that it names is there and is a Postgres. */
export function findServer(dataDirectory: string): RunningServer | null {
  const file = join(dataDirectory, 'postmaster.pid');
  let lines: string[];
  try {
    lines = readFileSync(file, 'utf8').split('\n');
  } catch {
    return null;
  }
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!isAlive(pid)) return null;
  // After a crash of the machine the id may belong to anybody; Postgres itself would then refuse to start.
  if (process.platform === 'linux' && !/postgres/.test(commandOf(pid))) {
    rmSync(file, { force: true });
    return null;
  }
  return { pid, port };
}

export async function connect(
  server: { port: number },
  password: string,
  database = 'postgres',
): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    user: SUPERUSER,
    password,
    database,
    ssl: false,
    connectionTimeoutMillis: 5000,
    application_name: 'embedded-postgres owner',
  });
  // The server may be killed first. Whatever uses it notices that on its own connection.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Starts the server on a free loopback port, watched from its first moment, and waits until it answers. */
export async function launchServer(
  dataDirectory: string,
  binaries: PostgresBinaries,
  user: ServerUser,
  password: string,
  settings: Record<string, string>,
): Promise<{ server: RunningServer; watchdog: Watchdog }> {
  let lastWords = '';
  // Between finding a free port and taking it, somebody else may.
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const port = await freePort();
    const child = spawnServer(dataDirectory, binaries, user, { ...settings, port: String(port) });
    if (child.pid !== undefined) {
      const server = { pid: child.pid, port };
      const watchdog = watch(server.pid, watchdogFile(dataDirectory));
      if (await answers(child, port, password)) return { server, watchdog };
      await stopServer(server);
      await watchdog.dismiss();
    }
    lastWords = readFileSync(`${dataDirectory}.log`, 'utf8').trim().split('\n').slice(-5).join('\n');
    if (!/could not (bind|create any TCP)/.test(lastWords)) break;
  }
  throw new EmbeddedPostgresError(`The embedded Postgres did not start. Its last words:\n${lastWords}`);
}

function spawnServer(
  dataDirectory: string,
  binaries: PostgresBinaries,
  user: ServerUser,
  settings: Record<string, string>,
): ChildProcess {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { file, args, ...as } = user.command(binaries.postgres, ['-D', dataDirectory, ...options]);
  const log = openSync(`${dataDirectory}.log`, 'w', 0o600);
  // Detached: Ctrl-C in a terminal goes to the whole process group, and the application must be done before its database.
  const child = spawn(file, args, { ...as, cwd: '/', detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  return child;
}

async function answers(child: ChildProcess, port: number, password: string): Promise<boolean> {
  const giveUpAt = Date.now() + START_LIMIT_MS;
  while (
    child.pid !== undefined &&
    child.exitCode === null &&
    child.signalCode === null &&
    Date.now() < giveUpAt
  ) {
    try {
      await (await connect({ port }, password)).end();
      return true;
    } catch {
      await sleep(50);
    }
  }
  return false;
}

/** Fast shutdown: open transactions are rolled back, everything committed is safe. */
export async function stopServer({ pid }: RunningServer): Promise<void> {
  const giveUpAt = Date.now() + STOP_LIMIT_MS;
  signal(pid, 'SIGINT');
  while (isAlive(pid)) {
    if (Date.now() > giveUpAt) return signal(pid, 'SIGQUIT');
    await sleep(25);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
