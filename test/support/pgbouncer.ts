import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.js';
import { until } from './until.js';

/** A real PgBouncer; `npm test` says so when there is none. */
const executable = process.env['PGBOUNCER_PATH'];
export const withPgBouncer = executable ? describe : describe.skip;

/** Since 1.21 PgBouncer can track prepared statements. */
export const withTracking = executable && tracksStatements() ? describe : describe.skip;

function tracksStatements(): boolean {
  const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(
    execFileSync(executable!, ['--version'], { encoding: 'utf8' }),
  )!;
  const isNewEnough = Number(major) > 1 || Number(minor) >= 21;
  if (!isNewEnough)
    process.stdout.write(
      `PgBouncer ${major}.${minor} tracks no prepared statements (1.21 does): their test is left out.\n`,
    );
  return isNewEnough;
}

export interface PgBouncer {
  /** The same database by way of the pooler. */
  through(url: string): string;
  close(): Promise<void>;
}

/** In transaction mode, before the tests' Postgres, with nothing set that would make it take more than it does by itself. */
export async function startPgBouncer(settings: Record<string, string | number> = {}): Promise<PgBouncer> {
  const role = new URL(process.env['TEST_APPLICATION_URL']!);
  const folder = mkdtempSync(join(tmpdir(), 'otp-pgbouncer-'));
  // Started by root it runs as somebody else, who has to get in.
  chmodSync(folder, 0o755);
  const users = join(folder, 'users');
  writeFileSync(users, `"${decodeURIComponent(role.username)}" "${decodeURIComponent(role.password)}"\n`);
  const port = await freePort();
  const lines = Object.entries({
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: users,
    pool_mode: 'transaction',
    default_pool_size: 5,
    max_client_conn: 500,
    ...settings,
  }).map(([name, value]) => `${name} = ${value}`);
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]\n* = host=${role.hostname} port=${role.port}\n[pgbouncer]\n${lines.join('\n')}\n`,
  );
  const user = process.getuid?.() === 0 ? ['--user', 'nobody'] : [];
  const child: ChildProcess = spawn(executable!, [...user, file], { stdio: 'ignore' });
  const through = (url: string) => {
    const other = new URL(url);
    other.hostname = '127.0.0.1';
    other.port = String(port);
    return other.href;
  };
  await until(() => answers(through(role.href)), { what: 'an answer of PgBouncer' });
  return {
    through,
    async close() {
      child.kill('SIGKILL');
      await until(() => child.exitCode !== null || child.signalCode !== null);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString });
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
