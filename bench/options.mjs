import { parseArgs } from 'node:util';
import { CONTENDERS } from './contenders/index.mjs';

const NAMES = [...Object.keys(CONTENDERS), 'pgbench'];

const HELP = `Usage: npm run bench -- [options]      (or, once built: node bench/run.mjs [options])

Measures verifications per second and CPU per verification of the application against others, side by side.

  --rounds <n>          how often everything is measured, in turn, in fresh processes      (5)
  --count <n>           verifications that count in each measurement                       (2000)
  --warm-up <n>         verifications before those, in the same process                    (1500)
  --connections <list>  connections of the load generator                                  (10,50)
  --latency <list>      milliseconds that the provider takes                               (0,50)
  --only <list>         some of ${NAMES.join(', ')}
  --growth <list>       old rows under the application                                     (10000,1000000,10000000)
  --no-growth           leaves that out
  --no-slow-commits     leaves out the run where a commit takes 20 ms
  --out <file>          where the tables go                                                (bench/RESULTS.md)
  --profile <folder>    writes CPU profiles of the application there; it runs slower with it
  --quick               one round of few verifications, to see that everything works; writes no file
  --help
`;

const QUICK = { rounds: '1', count: '200', 'warm-up': '100', growth: '10000,100000' };

/**
 * @param {string[]} args
 * @returns what to measure, or null when help was asked for (and given)
 * @throws Error about the first option that is wrong
 */
export function readOptions(args) {
  const text = { type: /** @type {const} */ ('string') };
  const flag = { type: /** @type {const} */ ('boolean') };
  const { values } = parseArgs({
    args,
    options: {
      rounds: text,
      count: text,
      'warm-up': text,
      connections: text,
      latency: text,
      only: text,
      growth: text,
      'no-growth': flag,
      'no-slow-commits': flag,
      out: text,
      profile: text,
      quick: flag,
      help: flag,
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return null;
  }
  const given = { ...(values.quick ? QUICK : {}), ...values };
  const count = whole('--count', given.count ?? '2000', 10, 40_000);
  const only = given.only?.split(',').map((name) => name.trim());
  const unknown = only?.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`--only knows ${NAMES.join(', ')}; not "${unknown}"`);
  return {
    rounds: whole('--rounds', given.rounds ?? '5', 1, 100),
    count,
    warmUp: whole('--warm-up', given['warm-up'] ?? '1500', 1, 40_000),
    connections: list('--connections', given.connections ?? '10,50', 1, 150),
    latencies: list('--latency', given.latency ?? '0,50', 0, 4000),
    contenders: only ?? NAMES,
    growth: given['no-growth']
      ? []
      : list('--growth', given.growth ?? '10000,1000000,10000000', 0, 100_000_000),
    slowCommits: !given['no-slow-commits'],
    out: given.out ?? (values.quick ? null : 'bench/RESULTS.md'),
    profile: given.profile ?? null,
  };
}

/** @typedef {NonNullable<ReturnType<typeof readOptions>>} Options */

/**
 * @param {string} option
 * @param {string} value
 * @param {number} min
 * @param {number} max
 */
function whole(option, value, min, max) {
  const number = /^\d{1,9}$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max))
    throw new Error(`${option} must be ${min} to ${max}, not "${value}"`);
  return number;
}

/** @type {(option: string, value: string, min: number, max: number) => number[]} */
const list = (option, value, min, max) => value.split(',').map((part) => whole(option, part, min, max));
