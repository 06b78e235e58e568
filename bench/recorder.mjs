// Loaded into the application with --import: writes down every named statement with its parameters, a JSON line each.
import { appendFileSync } from 'node:fs';
import pg from 'pg';

const file = process.env['BENCH_RECORD'] ?? '';
const prototype = /** @type {{ query: (...args: any[]) => unknown }} */ (pg.Client.prototype);
const { query } = prototype;

/** @type {(value: unknown) => unknown} */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  return Buffer.isBuffer(value) ? { bytes: value.toString('hex') } : value;
}

/** @param {any[]} args */
prototype.query = function record(...args) {
  const [{ name, text, values }] = args;
  // What is done in batches beside the requests is nobody's hot path.
  if (name && !/findEvents|nnouncer/.test(name)) {
    appendFileSync(file, `${JSON.stringify({ name, text, values: values.map(plain) })}\n`);
  }
  return query.apply(this, args);
};
