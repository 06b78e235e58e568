import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { atExit } from './cleanup.mjs';
import { CONTENDERS } from './contenders/index.mjs';
import { cpuSeconds } from './cpu.mjs';
import { MICROSECONDS, templateOf } from './measure.mjs';

const DATABASE = 'measured';
/** Where Debian puts what it does not put on the path. */
const DEBIAN = '/usr/lib/postgresql';

/** @returns {string | null} the newest there is; the binaries from npm bring none */
export function findPgbench() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ];
  return folders.map((folder) => join(folder, 'pgbench')).find((file) => existsSync(file)) ?? null;
}

/**
 * The limit: the application's own statements, sent by a program in C that does nothing else and asks no provider.
 * @param {import('./measure.mjs').Ground} ground
 * @param {string} program
 * @param {string} script
 * @param {number} connections
 * @returns {Promise<import('./measure.mjs').Figures>}
 */
export async function measurePgbench({ folder, postgres, count, warmUp }, program, script, connections) {
  const url = await postgres.create(DATABASE, templateOf('application'));
  await postgres.checkpoint();
  const [{ now: since }] = await postgres.sql('SELECT clock_timestamp() AS now');
  const file = join(folder, 'statements.pgbench');
  writeFileSync(file, `${script}\n`);

  /** @type {(wanted: number, from: number) => Promise<{ done: number, perSecond: number }>} */
  const run = async (wanted, from) => {
    const each = Math.ceil(wanted / connections);
    const threads = Math.min(connections, availableParallelism());
    const args = [
      '-n',
      '-M',
      'prepared',
      '-c',
      connections,
      '-j',
      threads,
      '-t',
      each,
      '-D',
      `n=${from}`,
      '-f',
      file,
    ];
    const running = promisify(execFile)(program, [...args.map(String), url]);
    const forget = atExit(() => running.child.kill());
    const { stdout } = await running;
    await forget();
    const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
    if (!(perSecond > 0)) throw new Error(`pgbench says:\n${stdout}`);
    return { done: each * connections, perSecond };
  };
  const warm = await run(warmUp, 0);
  const before = cpuSeconds(postgres.pid);
  const { done, perSecond } = await run(count, warmUp);
  const postgresCpu = ((cpuSeconds(postgres.pid) - before) * MICROSECONDS) / done;

  const rows = await postgres.sql(CONTENDERS['application']?.verifiedRows ?? '', [since], DATABASE);
  if (rows.length !== warm.done + done) {
    throw new Error(`wrong counts: rows verified: ${rows.length} instead of ${warm.done + done}`);
  }
  await postgres.drop(DATABASE);
  return { perSecond, appCpu: null, postgresCpu, p50: null, p99: null };
}
