// `npm run bench:admin`: how long the administration's pages take over many requests; see bench/README.md.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { request } from 'undici';
import { atExit, cleanUp } from './cleanup.mjs';
import { ENVIRONMENT, MAIN } from './contenders/application.mjs';
import { freePort, startNode, untilItListens } from './processes.mjs';
import { median, number } from './statistics.mjs';

const HELP = `Usage: DATABASE_URL=… npm run bench:admin [-- --rounds <n>] [--no-export]

Over a database that \`npm run seed\` has filled: the median time of the history's first and deepest page, of each filter, of
the statistics and of a timeline, and an export of everything, with the memory that it takes.
`;
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    'no-export': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const ROUNDS = Number(options.rounds);
const DAY_MS = 86_400_000;

/** @typedef {{ name: string, path: string }} Case */

async function main() {
  const databaseUrl = process.env['DATABASE_URL'];
  if (!databaseUrl) throw new Error('DATABASE_URL must be set');
  const folder = mkdtempSync(join(tmpdir(), 'otp-bench-admin-'));
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  atExit(() => sql.end());
  const headers = { authorization: `Bearer ${await makeToken(sql)}`, accept: 'application/json' };
  const { program, url } = await startApplication(databaseUrl, folder);

  const [{ rows }] = (await sql.query('SELECT count(*)::int AS rows FROM otp_verification_requests')).rows;
  print(`\n### ${number(rows)} requests\n`);
  print('| what | median ms | lowest–highest | items |\n| --- | ---: | ---: | ---: |');
  let isRolledUp = false;
  for (const { name, path } of await casesFor(sql)) {
    if (path.startsWith('/admin/statistics') && !isRolledUp) {
      await untilRolledUp(url, headers);
      isRolledUp = true;
    }
    const times = [];
    let items = 0;
    let isTooWide = false;
    for (let round = -2; round < ROUNDS; round += 1) {
      const started = performance.now();
      const { statusCode, body } = await request(url + path, { headers });
      const text = await body.text();
      // Filters that together find too little: the answer asks for a range of time.
      isTooWide = text.includes('too-wide');
      // What is read from the disk for the first time may take longer.
      if (isTooWide && round < 0) continue;
      if (isTooWide) break;
      if (statusCode !== 200) throw new Error(`${path} is answered ${statusCode} ${text}`);
      if (round >= 0) times.push(performance.now() - started);
      const { items: listed, groups, timeline } = JSON.parse(text);
      items = (listed ?? groups ?? timeline).length;
    }
    if (isTooWide) print(`| ${name} | asks for a range of time | – | – |`);
    else
      print(
        `| ${name} | ${number(median(times))} | ${number(Math.min(...times))}–${number(Math.max(...times))} | ${items} |`,
      );
  }
  await program.stop();
  if (options['no-export']) return;
  const fresh = await startApplication(databaseUrl, folder);
  await measureExport(fresh.program.pid, fresh.url, headers);
}

/**
 * @param {pg.Client} sql
 * @returns {Promise<Case[]>}
 */
async function casesFor(sql) {
  const one = async (/** @type {string} */ text) => (await sql.query(text)).rows[0];
  /** A page of the oldest ones, and what to look for: somebody with an ordinary history, in the middle of it. */
  const { deep } = await one(
    'SELECT id AS deep FROM otp_verification_requests ORDER BY id OFFSET 60 LIMIT 1',
  );
  const { first, last } = await one(
    'SELECT min(created_at) AS first, max(created_at) AS last FROM otp_verification_requests',
  );
  const middle = new Date((first.getTime() + last.getTime()) / 2);
  const { id, user, address, token, message } = (
    await sql.query(
      `SELECT id, user_id AS user, caller_address AS address, provider_request_id AS message,
              rtrim(translate(encode(phone_fingerprint, 'base64'), '+/', '-_'), '=') AS token
         FROM otp_verification_requests
        WHERE user_id IS NOT NULL AND provider_request_id IS NOT NULL AND created_at < $1 AND id < $2
        ORDER BY id DESC LIMIT 1`,
      [middle, firstIdAt(middle)],
    )
  ).rows[0];
  const history = (/** @type {string} */ name, /** @type {Record<string, string>} */ query = {}) => ({
    name,
    path: `/admin/verifications?${new URLSearchParams(query)}`,
  });
  const range = { from: new Date(middle.getTime() - DAY_MS).toISOString(), to: middle.toISOString() };
  const filters = {
    'from, to': range,
    to: { to: new Date(first.getTime() + DAY_MS).toISOString() },
    ...Object.fromEntries(
      ['PENDING', 'VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED'].map((status) => [
        `status ${status}`,
        { status },
      ]),
    ),
    'country US': { country: 'US' },
    'country LI (rare)': { country: 'LI' },
    'channel voice': { channel: 'voice' },
    'purpose sign-in': { purpose: 'sign-in' },
    'purpose demo (rare)': { purpose: 'demo' },
    user: { user },
    number: { number: token },
    requestId: { requestId: id },
    providerRequestId: { providerRequestId: message },
    address: { address },
    'address (0.5 % of all)': { address: '203.0.113.77' },
    'reason attempts-exhausted': { reason: 'attempts-exhausted' },
    'reason cancelled-by-operator (rare)': { reason: 'cancelled-by-operator' },
    'country and status': { country: 'SE', status: 'FAILED' },
    'country, purpose, channel': { country: 'JP', purpose: 'payment', channel: 'voice' },
    'rare country and rare reason': { country: 'LI', reason: 'superseded' },
    'rare country and status': { country: 'LI', status: 'CANCELLED' },
  };
  const days = (/** @type {number} */ count) => new Date(last.getTime() - count * DAY_MS).toISOString();
  const statistics = (/** @type {string} */ groupBy, /** @type {number} */ count) => ({
    name: `statistics by ${groupBy}, ${count} days`,
    path: `/admin/statistics?${new URLSearchParams({ groupBy, from: days(count) })}`,
  });
  const decisions = (/** @type {string} */ name, /** @type {Record<string, string>} */ query = {}) => ({
    name: `refused starts${name}`,
    path: `/admin/decisions?${new URLSearchParams(query)}`,
  });
  return [
    history('first page'),
    history('deepest page', { after: deep }),
    ...Object.entries(filters).flatMap(([name, query]) => [
      history(name, query),
      ...('status' in query || ['country US', 'channel voice', 'purpose sign-in'].includes(name)
        ? [history(`${name}, deepest page`, { ...query, after: deep })]
        : []),
    ]),
    { name: 'timeline', path: `/admin/verifications/${id}` },
    decisions(''),
    decisions(' by a rare rule', { rule: 'budget' }),
    decisions(' of a number', { number: token }),
    decisions(' of an address', { address }),
    statistics('hour', 14),
    ...['day', 'country', 'channel', 'provider-status'].map((groupBy) => statistics(groupBy, 60)),
  ];
}

/** @param {Date} moment */
const firstIdAt = (moment) => {
  const hex = moment.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
};

/** As `npm run admin` makes one, but without a word in the audit. @param {pg.Client} sql */
async function makeToken(sql) {
  const secret = randomBytes(32).toString('base64url');
  const { rows } = await sql.query(
    `INSERT INTO otp_api_tokens (id, name, secret_hash, scopes, author, created_at, expires_at)
     VALUES (gen_random_uuid(), 'bench', $1, '{history:read,statistics:read,history:export}', 'cli:bench', now(), now() + interval '1 day')
     RETURNING replace(id::text, '-', '') AS id`,
    [createHash('sha256').update(secret).digest()],
  );
  return `sotp_${rows[0].id}_${secret}`;
}

/** @param {string} databaseUrl @param {string} folder */
async function startApplication(databaseUrl, folder) {
  const port = await freePort();
  const program = startNode('application', [MAIN], {
    folder,
    env: {
      ...ENVIRONMENT,
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      VONAGE_API_KEY: 'bench',
      VONAGE_API_SECRET: 'bench',
      ALLOWED_COUNTRIES: 'off',
      THROTTLE_ADDRESS: 'off',
    },
  });
  await untilItListens(program, port);
  return { program, url: `http://127.0.0.1:${port}` };
}

/** The first time every hour of the past has to be counted. @param {string} url @param {Record<string, string>} headers */
async function untilRolledUp(url, headers) {
  const started = performance.now();
  for (;;) {
    const { body } = await request(`${url}/admin/statistics`, { headers });
    if (/** @type {any} */ (await body.json()).isComplete) break;
    await sleep(1000);
  }
  process.stderr.write(`rolled up after ${number((performance.now() - started) / 1000)} s\n`);
}

/**
 * @param {number} pid
 * @param {string} url
 * @param {Record<string, string>} headers
 */
async function measureExport(pid, url, headers) {
  const memory = (/** @type {string} */ field) =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  const before = memory('VmRSS');
  let highest = 0;
  const sampler = setInterval(() => (highest = Math.max(highest, memory('VmRSS'))), 50);
  const started = performance.now();
  const { statusCode, body } = await request(`${url}/admin/verifications.csv`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ why: 'benchmark' }),
  });
  let [firstByte, bytes, lines] = [0, 0, 0];
  for await (const chunk of body) {
    firstByte ||= performance.now() - started;
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  }
  clearInterval(sampler);
  const seconds = (performance.now() - started) / 1000;
  print(
    `\nCSV: status ${statusCode}, ${number(lines - 1)} rows, ${number(bytes / 2 ** 20)} MB in ${number(seconds)} s; first byte after ` +
      `${number(firstByte)} ms; RSS ${number(before)} MB before, ${number(highest)} MB at most.`,
  );
}

/** @param {string} line */
const print = (line) => void process.stdout.write(`${line}\n`);

if (options.help) print(HELP);
else
  main()
    .catch((/** @type {Error} */ error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exitCode = 1;
    })
    .finally(cleanUp);
