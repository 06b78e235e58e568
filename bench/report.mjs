import { CONTENDERS } from './contenders/index.mjs';
import { median, number, range, ratio } from './statistics.mjs';

/**
 * @typedef {import('./measure.mjs').Figures} Figures
 * @typedef {Map<string, Figures[]>} Rounds by contender (or number of old rows), in the order of the rounds
 * @typedef {{ connections: number, latencyMs: number, rounds: Rounds }} Cell
 */

const US = 'application';
/** @type {Record<string, string>} */
const TITLES = {
  ...Object.fromEntries(Object.entries(CONTENDERS).map(([name, { title }]) => [name, title])),
  pgbench: 'pgbench, the same statements',
};

/** At 10 connections, with a provider that answers at once. */
const GOALS = /** @type {const} */ ([
  ['better-auth-as-it-comes', 'perSecond', 'at least', 1.5],
  ['better-auth-as-it-comes', 'appCpu', 'at most', 0.65],
  ['better-auth-as-it-comes', 'postgresCpu', 'at most', 1.1],
  ['express-pg', 'perSecond', 'at least', 0.55],
  ['application-without-rules', 'perSecond', 'at least', 0.92],
]);
/** @type {Record<string, string>} */
const MEASURES = { perSecond: 'V/s', appCpu: 'app CPU', postgresCpu: 'Postgres CPU' };
const GOAL_CELL = { connections: 10, latencyMs: 0 };

/** @type {(title: string[], rows: string[][]) => string} */
const table = (title, rows) =>
  [title, title.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/** @type {(figures: Figures[], key: keyof Figures) => number[]} */
const all = (figures, key) => figures.map((one) => one[key]).filter((value) => value !== null);

/**
 * Each of our figures divided by the other's of the same round.
 * @type {(ours: Figures[] | undefined, theirs: Figures[] | undefined, key: keyof Figures) => number[]}
 */
function paired(ours = [], theirs = [], key) {
  const rounds = Math.min(ours.length, theirs.length);
  return Array.from({ length: rounds }, (_, i) => [ours[i]?.[key], theirs[i]?.[key]]).flatMap(([a, b]) =>
    a && b ? [a / b] : [],
  );
}

/** @type {(rounds: Rounds, titles: Record<string, string>, reference: string, oursOverTheirs: boolean) => string[][]} */
function rowsOf(rounds, titles, reference, oursOverTheirs) {
  return [...rounds].map(([name, figures]) => {
    const against = rounds.get(reference);
    /** @param {keyof Figures} key */
    const compared = (key) => {
      if (name === reference || !against) return '–';
      return ratio(oursOverTheirs ? paired(against, figures, key) : paired(figures, against, key));
    };
    return [
      titles[name] ?? name,
      `${number(median(all(figures, 'perSecond')))} ${range(all(figures, 'perSecond'))}`,
      number(median(all(figures, 'appCpu'))),
      number(median(all(figures, 'postgresCpu'))),
      `${number(median(all(figures, 'p50')))} / ${number(median(all(figures, 'p99')))}`,
      compared('perSecond'),
      compared('appCpu'),
      compared('postgresCpu'),
    ];
  });
}

const FIGURES = ['V/s', 'app CPU µs/V', 'Postgres CPU µs/V', 'p50 / p99 ms'];

/** @param {Cell} cell */
export function cellTable({ connections, latencyMs, rounds }) {
  const ours = ['V/s: ours ÷ theirs', 'app CPU: ours ÷ theirs', 'Postgres CPU: ours ÷ theirs'];
  return `### ${connections} connections, provider ${latencyMs} ms

${table(['', ...FIGURES, ...ours], rowsOf(rounds, TITLES, US, true))}
`;
}

/** @type {(rounds: Rounds, connections: number) => string} */
export function growthTable(rounds, connections) {
  const [fewest = ''] = rounds.keys();
  const titles = Object.fromEntries(
    [...rounds.keys()].map((rows) => [rows, Number(rows).toLocaleString('en')]),
  );
  const against = `÷ that of ${titles[fewest]}`;
  return `### This application over old rows, ${connections} connections, provider 0 ms

${table(['old requests', ...FIGURES, `V/s ${against}`, `app CPU ${against}`, `Postgres CPU ${against}`], rowsOf(rounds, titles, fewest, false))}
`;
}

/** @type {(rounds: Rounds) => string} */
export function slowCommitTable(rounds) {
  const [fewest = ''] = rounds.keys();
  const titles = Object.fromEntries([...rounds.keys()].map((each) => [each, `${each} connections`]));
  const against = `÷ that of ${titles[fewest]}`;
  return `### This application where a commit takes 20 ms, pool of 40, provider 0 ms

${table(['', ...FIGURES, `V/s ${against}`, `app CPU ${against}`, `Postgres CPU ${against}`], rowsOf(rounds, titles, fewest, false))}
`;
}

/** @param {Cell[]} cells */
export function goalTable(cells) {
  const cell = cells.find(
    ({ connections, latencyMs }) =>
      connections === GOAL_CELL.connections && latencyMs === GOAL_CELL.latencyMs,
  );
  const rows = GOALS.flatMap(([other, key, direction, goal]) => {
    const ratios = paired(cell?.rounds.get(US), cell?.rounds.get(other), key);
    if (ratios.length === 0) return [];
    const found = median(ratios);
    const met = direction === 'at least' ? found >= goal : found <= goal;
    return [
      [`${MEASURES[key]} ÷ ${TITLES[other]}`, `${direction} ${goal}`, ratio(ratios), met ? 'met' : 'missed'],
    ];
  });
  if (rows.length === 0) return '';
  return `### Goals, at ${GOAL_CELL.connections} connections and ${GOAL_CELL.latencyMs} ms

${table(['ratio', 'goal', 'found', ''], rows)}
`;
}
