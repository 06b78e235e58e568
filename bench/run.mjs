// `npm run bench`: see bench/README.md.
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { atExit, cleanUp } from './cleanup.mjs';
import { CONTENDERS } from './contenders/index.mjs';
import { databaseOf, makeSample, seed } from './growth.mjs';
import { describeMachine } from './machine.mjs';
import { measure, templateOf } from './measure.mjs';
import { readOptions } from './options.mjs';
import { findPgbench, measurePgbench } from './pgbench.mjs';
import { Postgres } from './postgres.mjs';
import { Provider } from './provider.mjs';
import { pgbenchScript } from './replay.mjs';
import { cellTable, goalTable, growthTable, slowCommitTable } from './report.mjs';
import { number } from './statistics.mjs';

/**
 * @typedef {import('./measure.mjs').Ground} Ground
 * @typedef {import('./measure.mjs').Figures} Figures
 * @typedef {import('./options.mjs').Options} Options
 */

const ROOT = join(import.meta.dirname, '..');
const PGBENCH = 'pgbench';
const GROWING = 'application';

/** @param {string} line */
const say = (line) => void process.stdout.write(`${new Date().toTimeString().slice(0, 8)}  ${line}\n`);

/** A folder on the disk that the project is on: a temporary one may be in memory, where durability costs nothing. */
function makeFolder() {
  const parent = join(ROOT, '.data');
  mkdirSync(parent, { recursive: true });
  // What a killed run has left.
  for (const name of readdirSync(parent)) {
    const owner = /^bench-(\d+)$/.exec(name)?.[1];
    if (owner && !existsSync(`/proc/${owner}`)) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const folder = join(parent, `bench-${process.pid}`);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @type {(options: Options) => Promise<Ground>} */
async function prepare({ count, warmUp, contenders, profile }) {
  const folder = makeFolder();
  const provider = await Provider.start(folder);
  const postgres = await Postgres.start(folder);
  const needed = Object.entries(CONTENDERS).filter(([name]) => name === GROWING || contenders.includes(name));
  for (const [name, { prepare }] of needed) {
    if (prepare) await prepare(await postgres.create(templateOf(name)));
  }
  return { folder, postgres, provider, count, warmUp, profile: profile && resolve(profile) };
}

/** Everybody starts a round in turn. @type {<T>(list: T[], by: number) => T[]} */
const rotated = (list, by) => list.map((_, i) => /** @type {any} */ (list[(i + by) % list.length]));

/** @param {Figures} figures */
const inShort = ({ perSecond, appCpu, postgresCpu }) =>
  `${number(perSecond)} V/s; CPU µs/V: app ${number(appCpu)}, Postgres ${number(postgresCpu)}`;

/**
 * @param {Ground} ground
 * @param {Options} options
 * @param {string | null} pgbench
 */
async function compare(ground, { rounds, connections, latencies, contenders }, pgbench) {
  const withPgbench = pgbench !== null && contenders.includes(PGBENCH);
  const replay = withPgbench ? await pgbenchScript(ground) : null;
  if (replay) say(`pgbench replays ${replay.statements} statements per verification`);
  const cells = connections.flatMap((each) =>
    latencies.map((latencyMs) => {
      // It asks no provider.
      const names = contenders.filter((name) => name !== PGBENCH || (withPgbench && latencyMs === 0));
      const figures = /** @type {import('./report.mjs').Rounds} */ (new Map());
      for (const name of names) figures.set(name, []);
      return { connections: each, latencyMs, rounds: figures };
    }),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const { connections: each, latencyMs, rounds: figures } of cells) {
      for (const name of rotated([...figures.keys()], round)) {
        const found =
          name === PGBENCH && pgbench && replay
            ? await measurePgbench(ground, pgbench, replay.script, each)
            : await measure(ground, name, { connections: each, latencyMs });
        figures.get(name)?.push(found);
        say(`round ${round + 1}/${rounds}, ${each} connections, ${latencyMs} ms, ${name}: ${inShort(found)}`);
      }
    }
  }
  return cells;
}

/**
 * @param {Ground} ground
 * @param {Options} options
 * @param {number} connections
 */
async function grow(ground, { rounds, growth }, connections) {
  const figures = /** @type {import('./report.mjs').Rounds} */ (new Map());
  await makeSample(ground);
  for (const rows of growth) {
    figures.set(String(rows), []);
    await seed(ground.postgres, rows, (table, done) => {
      if (done % 1_000_000 === 0 || done === rows) say(`${number(done)} old rows in ${table}`);
    });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const rows of rotated(growth, round)) {
      const setting = { connections, latencyMs: 0, database: databaseOf(rows) };
      const found = await measure(ground, GROWING, setting);
      figures.get(String(rows))?.push(found);
      say(`round ${round + 1}/${rounds}, ${number(rows)} old rows: ${inShort(found)}`);
    }
  }
  return figures;
}

/**
 * @param {Ground} ground
 * @param {Options} options
 */
async function withSlowCommits(ground, { rounds }) {
  const figures = /** @type {import('./report.mjs').Rounds} */ (
    new Map([
      ['10', []],
      ['40', []],
    ])
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const connections of rotated([10, 40], round)) {
      const found = await measure(ground, GROWING, {
        connections,
        latencyMs: 0,
        env: { DATABASE_POOL_SIZE: '40' },
        commitDelayMs: 20,
      });
      figures.get(String(connections))?.push(found);
      say(`round ${round + 1}/${rounds}, commits of 20 ms, ${connections} connections: ${inShort(found)}`);
    }
  }
  return figures;
}

/** @param {Options} options */
async function main(options) {
  const pgbench = findPgbench();
  const ground = await prepare(options);
  const machine = await describeMachine(ground.postgres, pgbench);
  for (const line of machine) say(line);
  const cells = await compare(ground, options, pgbench);
  const [connections = 10] = options.connections;
  const slow = options.slowCommits ? await withSlowCommits(ground, options) : null;
  const growth = options.growth.length > 0 ? await grow(ground, options, connections) : null;

  const { rounds, count, warmUp } = options;
  const report = [
    '# Benchmark\n',
    `Written by \`npm run bench\` (see [README.md](README.md)): ${rounds} rounds, each measurement ${number(count)} verifications (V) ` +
      `after ${number(warmUp)} to warm up; medians, in brackets lowest and highest. Every count held against the provider's.\n`,
    `${machine.map((line) => `- ${line}`).join('\n')}\n`,
    goalTable(cells),
    ...cells.map(cellTable),
    ...(slow ? [slowCommitTable(slow)] : []),
    ...(growth ? [growthTable(growth, connections)] : []),
  ];
  const text = report.filter(Boolean).join('\n');
  process.stdout.write(`\n${text}`);
  if (options.out) writeFileSync(options.out, text);
}

process.chdir(ROOT);
let stopped = false;
let code = 0;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    stopped = true;
    void cleanUp().then(() => process.exit(130));
  });
}
try {
  const options = readOptions(process.argv.slice(2));
  if (options) await main(options);
} catch (error) {
  // What fails because everything is being stopped needs no words.
  if (!stopped) process.stderr.write(`${/** @type {Error} */ (error).message}\n`);
  code = stopped ? 130 : 1;
}
await cleanUp();
process.exit(code);
