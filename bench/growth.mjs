import { setTimeout as sleep } from 'node:timers/promises';
import { startContender, templateOf } from './measure.mjs';
import { verify } from './replay.mjs';

const SAMPLE = 'template_growth';
/** What a verification leaves behind for a moment only (an outbox, say) must not be multiplied. */
const SETTLED_MS = 5000;
const BATCH = 100_000;
const OLD_DAYS = 90;
/** People come again: so many requests per number. */
const PER_NUMBER = 4;

/** @typedef {{ column: string, type: string }} Column */

/** @param {number} rows */
export const databaseOf = (rows) => `growth_${rows}`;

/**
 * A database of what one verification by the application leaves in its tables.
 * @param {import('./measure.mjs').Ground} ground
 */
export async function makeSample(ground) {
  const url = await ground.postgres.create(SAMPLE, templateOf('application'));
  await ground.provider.reset(0);
  const { program, url: application } = await startContender(
    { ...ground, profile: null },
    'application',
    url,
  );
  await verify(application, '+14152000001');
  await sleep(SETTLED_MS);
  await program.stop();
}

/**
 * That verification again and again over the past months, for other numbers, in every table that grows with requests.
 * Whatever columns there are, they are copied; only keys and times are made anew.
 * @param {import('./postgres.mjs').Postgres} postgres
 * @param {number} rows old requests
 * @param {(table: string, done: number) => void} progress
 */
export async function seed(postgres, rows, progress) {
  const database = databaseOf(rows);
  await postgres.create(database, SAMPLE);
  /** @type {(text: string, values?: unknown[]) => Promise<any[]>} */
  const sql = (text, values) => postgres.sql(text, values, database);
  const tables = await sql(`
    SELECT table_name AS name, json_agg(json_build_object('column', column_name, 'type', data_type)) AS columns
      FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1`);
  /** @type {{ name: string, columns: Column[] }[]} */
  const growing = tables.filter(({ columns }) => columns.some(isKey));
  for (const { name, columns } of growing) {
    const [{ found }] = await sql(`SELECT count(*)::int AS found FROM ${name}`);
    if (found === 0) continue;
    await sql(`CREATE TABLE sample AS TABLE ${name}`);
    const indexes = await sql(
      `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
        WHERE tablename = $1 AND indexdef NOT LIKE 'CREATE UNIQUE%'`,
      [name],
    );
    for (const index of indexes) await sql(`DROP INDEX ${index.name}`);
    const perNumber = !columns.some(isRequest);
    const total = perNumber ? Math.ceil(rows / PER_NUMBER) : rows;
    const targets = columns.map(({ column }) => column).join(', ');
    // Where a request has several rows, each has an id of its own.
    const isPart = columns.some(({ column }) => column === 'request_id');
    const values = columns
      .map((column) => (isPart && column.column === 'id' && column.type === 'uuid' ? PART : valueOf(column)))
      .join(', ');
    for (let from = 0; from < total; from += BATCH) {
      const upTo = Math.min(total, from + BATCH);
      await sql(`SET synchronous_commit = off;
        INSERT INTO ${name} (${targets})
        SELECT ${values} FROM ${source(from, upTo, total, perNumber)}, sample ORDER BY i`);
      progress(name, upTo);
    }
    for (const { definition } of indexes) await sql(definition);
    await sql('DROP TABLE sample');
  }
  await sql('VACUUM (FREEZE, ANALYZE)');
}

/** @type {(column: Column) => boolean} */
const isRequest = ({ column, type }) => type === 'uuid' && (column === 'id' || column === 'request_id');
/** What only instances have a row in does not grow. @type {(column: Column) => boolean} */
const isKey = ({ column, type }) =>
  (column === 'request_id' && type === 'uuid') || (column === 'phone_fingerprint' && type === 'bytea');

/**
 * Per old row: its count `i`, how long ago it was, the request's id (a v7 of that time) and the number's fingerprint.
 * @type {(from: number, upTo: number, total: number, perNumber: boolean) => string}
 */
function source(from, upTo, total, perNumber) {
  const numbers = Math.ceil(total / PER_NUMBER);
  const number = perNumber ? 'i' : `(hashint8(i) & 2147483647) % ${numbers}`;
  return `(
    SELECT i, age, sha256((${number})::text::bytea) AS fingerprint,
           (lpad(to_hex((extract(epoch FROM now() - age) * 1000)::bigint), 12, '0') || '7' || substr(random, 1, 3)
             || '8' || substr(random, 4, 15))::uuid AS request
      FROM generate_series(${from}, ${upTo - 1}) AS i,
           LATERAL (SELECT interval '1 hour' + (interval '${OLD_DAYS} days') * (1 - i::float8 / ${total}) AS age,
                           md5(i::text) AS random) AS made) AS old`;
}

/** An id as old as the request's. */
const PART = `(left(request::text, 18) || '-8' || substr(md5(sample.id::text || request::text), 1, 3) || '-' ||
  substr(md5(sample.id::text || request::text), 4, 12))::uuid`;

/** @type {(column: Column) => string} */
function valueOf(given) {
  const { column, type } = given;
  const old = `sample.${column}`;
  if (isRequest(given)) return 'request';
  if (column === 'phone_fingerprint') return 'fingerprint';
  if (type.startsWith('timestamp')) return `${old} - age`;
  // Other things that are unique or random stay so, and as wide.
  if (type === 'uuid') return `CASE WHEN ${old} IS NOT NULL THEN md5(request::text || '${column}')::uuid END`;
  if (column === 'provider_request_id') return `md5(request::text || '${column}')::uuid::text`;
  if (column === 'phone_number') return `rpad(md5(request::text), length(${old}), md5(i::text))`;
  if (type === 'bytea' && column.includes('hash')) {
    return `CASE WHEN ${old} IS NOT NULL THEN sha256((request::text || '${column}')::bytea) END`;
  }
  return old;
}
