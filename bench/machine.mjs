import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const PACKAGES = ['@nestjs/core', 'express', 'pg', 'typeorm', 'undici', '@vonage/server-sdk'];
const BENCH_PACKAGES = ['better-auth', 'ejs'];

/** @type {(folder: string, name: string) => string} */
const versionOf = (folder, name) =>
  `${name} ${JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version}`;

/**
 * On what, and with which versions: a list for the report.
 * @param {import('./postgres.mjs').Postgres} postgres
 * @param {string | null} pgbench
 */
export async function describeMachine(postgres, pgbench) {
  const settings = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers'];
  const rows = await postgres.sql(
    `SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name`,
    [settings],
  );
  const [{ value: version }, ...durability] = rows;
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    `${new Date().toISOString().slice(0, 10)}, commit ${commit()}`,
    `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(1)} GB, ` +
      `${type()} ${release()}; load before the start ${load.join(' ')}`,
    `Node ${process.versions.node}; Postgres ${version} (${durability.map(({ name, value }) => `${name} ${value}`).join(', ')})`,
    [
      ...PACKAGES.map((name) => versionOf(ROOT, name)),
      ...BENCH_PACKAGES.map((name) => versionOf(import.meta.dirname, name)),
    ].join(', '),
    pgbench
      ? execFileSync(pgbench, ['--version'], { encoding: 'utf8' }).trim()
      : 'no pgbench on this machine: its row is left out',
  ];
}

function commit() {
  /** @param {string[]} args */
  const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', 'src') ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}
