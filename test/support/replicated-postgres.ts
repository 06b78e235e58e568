import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/schema.js';
import { freePort } from './free-port.js';
import { startTcpProxy } from './tcp-proxy.js';

/** The programs of an ordinary Postgres, which the embedded one lacks: pg_basebackup, pg_ctl. `npm run test:chaos` says so when there are none. */
const programs = process.env['POSTGRES_BIN_PATH'];
export const withPostgresPrograms = programs ? describe : describe.skip;

/** A primary and a standby that has each commit before it is answered (synchronous replication). */
export interface ReplicatedPostgres {
  /** Of both servers, for the one that takes writes. */
  url: string;
  /** Of the primary, and after {@link failOver} of the new one. */
  adminUrl: string;
  /** -9 of the primary, and the standby becomes the primary. Returns when it takes writes. */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

/** Postgres refuses to run as root. */
const postgresUser = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))![0].split(':');
  return { uid: Number(uid), gid: Number(gid) };
};

export async function startReplicatedPostgres(): Promise<ReplicatedPostgres> {
  const user = postgresUser();
  const folder = mkdtempSync(join(tmpdir(), 'otp-replicated-'));
  chmodSync(folder, 0o755);
  const [primary, standby] = [join(folder, 'primary'), join(folder, 'standby')];
  for (const path of [primary, standby]) {
    mkdirSync(path, { mode: 0o700 });
    if (user) chownSync(path, user.uid, user.gid);
  }
  const program = (name: string, ...args: string[]) =>
    execFileSync(join(programs!, name), args, {
      ...user,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { LC_ALL: 'C' },
    });
  const control = (path: string, ...args: string[]) =>
    program('pg_ctl', '--pgdata', path, '--wait', '--timeout', '60', ...args);
  const [one, two] = [await freePort(), await freePort()];
  const start = (path: string, port: number) =>
    control(path, '--log', join(path, 'log'), '-o', `-p ${port} -k ${path} -h 127.0.0.1`, 'start');

  program('initdb', '--pgdata', primary, '--username', 'admin', '--auth', 'trust');
  appendFileSync(
    join(primary, 'postgresql.conf'),
    "wal_level = replica\nmax_connections = 200\nsynchronous_commit = on\nsynchronous_standby_names = ''\n",
  );
  start(primary, one);
  const sql = async (port: number, text: string, database = 'postgres') => {
    const client = new pg.Client(`postgres://admin@127.0.0.1:${port}/${database}`);
    await client.connect();
    const { rows } = await client.query(text);
    await client.end();
    return rows as Record<string, unknown>[];
  };
  await sql(one, 'CREATE ROLE application LOGIN');
  await sql(one, 'CREATE DATABASE otp OWNER application');
  rmSync(standby, { recursive: true });
  mkdirSync(standby, { mode: 0o700 });
  if (user) chownSync(standby, user.uid, user.gid);
  const source = `host=127.0.0.1 port=${one} user=admin application_name=standby`;
  program(
    'pg_basebackup',
    '--pgdata',
    standby,
    '--wal-method',
    'stream',
    '--write-recovery-conf',
    '--dbname',
    source,
  );
  start(standby, two);
  // From now on a commit is answered only when the standby has it too. The standby itself waits for nobody.
  await sql(one, "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  await sql(one, 'SELECT pg_reload_conf()');
  await migrate(`postgres://application@127.0.0.1:${one}/otp`);
  const [state] = await sql(one, 'SELECT sync_state FROM pg_stat_replication');
  if (state?.['sync_state'] !== 'sync')
    throw new Error(`the standby is not synchronous: ${JSON.stringify(state)}`);

  const network = await startTcpProxy({ host: '127.0.0.1', port: one });
  return {
    url: `postgres://application@127.0.0.1:${one},127.0.0.1:${two}/otp?target_session_attrs=read-write`,
    adminUrl: `postgres://admin@${network.host}:${network.port}/otp`,
    async failOver() {
      process.kill(Number(readFileSync(join(primary, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
      control(standby, 'promote');
      network.retarget({ host: '127.0.0.1', port: two });
    },
    async close() {
      await network.close();
      for (const path of [primary, standby])
        if (existsSync(join(path, 'postmaster.pid')))
          try {
            control(path, '--mode', 'immediate', 'stop');
          } catch {
            // It was killed.
          }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
