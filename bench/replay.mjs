import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { CONVERSATIONS } from './conversations.mjs';
import { startContender, templateOf } from './measure.mjs';

/**
 * @typedef {{ bytes: string } | string | number | boolean | null} Single
 * @typedef {Single | Single[]} Value
 * @typedef {{ name: string, text: string, values: Value[] }} Statement
 */

const DATABASE = 'recorded';

/**
 * The application's own hot statements as a script for pgbench, taken down while it verifies two numbers: what differs
 * between the two is made anew for each transaction, what is the same stays. So it follows the statements as they change.
 * @param {import('./measure.mjs').Ground} ground
 */
export async function pgbenchScript(ground) {
  const { postgres } = ground;
  const url = await postgres.create(DATABASE, templateOf('application'));
  const [one, other] = await record(ground, url);
  if (one.length === 0 || one.map(({ name }) => name).join() !== other.map(({ name }) => name).join()) {
    throw new Error('two verifications in a row did not send the same statements');
  }
  const variables = new Variables();
  const script = [`\\set n :n + 1`];
  for (const [index, { text, values }] of one.entries()) {
    const types = await parameterTypes(postgres, text);
    const parameters = values.map((value, i) => {
      const again = other[index]?.values[i];
      const same = JSON.stringify(value) === JSON.stringify(again);
      if (same) return `${literal(value)}::${types[i]}`;
      const isJson = types[i] === 'jsonb' && typeof value === 'string' && typeof again === 'string';
      return `${isJson ? variables.json(value, again) : variables.expression(value)}::${types[i]}`;
    });
    script.push(`${text.replace(/\$(\d+)/g, (_, number) => `(${parameters[number - 1]})`).trim()};`);
  }
  await postgres.drop(DATABASE);
  return { script: script.join('\n'), statements: one.length };
}

/**
 * @param {import('./measure.mjs').Ground} ground
 * @param {string} databaseUrl
 * @returns {Promise<[Statement[], Statement[]]>} of one verification, and of another
 */
async function record(ground, databaseUrl) {
  const file = join(ground.folder, 'statements.jsonl');
  await ground.provider.reset(0);
  const { program, url } = await startContender({ ...ground, profile: null }, 'application', databaseUrl, {
    args: ['--import', join(import.meta.dirname, 'recorder.mjs')],
    // Nothing but the two verifications.
    env: { BENCH_RECORD: file, RECONCILE_EVERY_SECONDS: 'off' },
  });
  const recorded = () => {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines.map((line) => /** @type {Statement} */ (JSON.parse(line)));
  };
  await verify(url, '+14152000001');
  const one = recorded();
  await verify(url, '+14152000002');
  const other = recorded().slice(one.length);
  await program.stop();
  return [one, other];
}

/** @type {(url: string, phoneNumber: string) => Promise<void>} */
export const verify = (url, phoneNumber) =>
  CONVERSATIONS.json(async (path, body, headers) => {
    const answer = await request(url + path, { method: 'POST', body, headers });
    const text = await answer.body.text();
    if (answer.statusCode > 299) throw new Error(`${path} answers ${answer.statusCode} ${text}`);
    return text;
  }, phoneNumber);

/** @type {(postgres: import('./postgres.mjs').Postgres, text: string) => Promise<string[]>} */
async function parameterTypes(postgres, text) {
  const rows = await postgres.sql(
    `PREPARE replayed AS ${text};
     SELECT unnest(parameter_types)::text AS type FROM pg_prepared_statements WHERE name = 'replayed'`,
    undefined,
    DATABASE,
  );
  return rows.map(({ type }) => type);
}

/** pgbench knows integers only, and takes every colon for a variable. @type {(value: Value) => string} */
function literal(value) {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return `ARRAY[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object') return `'\\x${value.bytes}'`;
  const text = String(value)
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "''")
    .replaceAll(':', String.raw`\x3a`);
  return `E'${text}'`;
}

/** Values that are another in each transaction, made from :n and :client_id; the same value gets the same expression. */
class Variables {
  /** @type {Map<string, string>} */
  #known = new Map();

  /** @param {Value} value an example */
  expression(value) {
    if (Array.isArray(value)) return `ARRAY[${value.map((each) => this.expression(each)).join(', ')}]`;
    const key = JSON.stringify(value);
    const known = this.#known.get(key);
    if (known) return known;
    const made = this.#make(value, this.#known.size);
    this.#known.set(key, made);
    return made;
  }

  /**
   * The keys (base64) in which a text differs from another; all else stays. What is a key elsewhere, as bytes, is the same here.
   * @type {(text: string, other: string) => string}
   */
  json(text, other) {
    return text
      .split(/(?<=")([\w+/]{22,}={0,2})(?=")/)
      .map((piece, index) =>
        index % 2 === 0 || other.includes(piece)
          ? literal(piece)
          : `encode(${this.expression({ bytes: Buffer.from(piece, 'base64').toString('hex') })}, 'base64')`,
      )
      .join(' || ')
      .replace(/.*/s, '($&)');
  }

  /** @type {(value: Single, salt: number) => string} */
  #make(value, salt) {
    const seed = `(:n::bigint * 1000 + :client_id::bigint)::text || '.${salt}'`;
    if (value !== null && typeof value === 'object') {
      const [bytes, digest] = [value.bytes.length / 2, `sha256((${seed})::bytea)`];
      return bytes <= 32
        ? `substr(${digest}, 1, ${bytes})`
        : `(${digest} || '\\x${'00'.repeat(bytes - 32)}'::bytea)`;
    }
    if (typeof value !== 'string') throw new Error(`cannot replay the changing parameter ${String(value)}`);
    // A version 7 counts up, as the application's do: the newest rows lie together.
    if (/^[\da-f-]{14}-7[\da-f-]{21}$/.test(value)) {
      return `(lpad(to_hex(:n::bigint), 12, '0') || lpad(to_hex(:client_id::bigint), 20, '0'))::uuid`;
    }
    if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(value)) return `md5(${seed})::uuid`;
    return `rpad(md5(${seed}), ${value.length}, 'x')`;
  }
}
