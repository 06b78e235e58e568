// The load generator, in a process of its own: `connections` conversations at a time, each on a connection that stays
// open. Told what to do over IPC: warms the contender up, says so, waits for "go", and reports.
import { Pool } from 'undici';
import { CONVERSATIONS } from './conversations.mjs';

/**
 * @typedef {object} Job
 * @property {string} url
 * @property {keyof typeof CONVERSATIONS} conversation
 * @property {number} connections
 * @property {number} warmUp
 * @property {number} count
 * @typedef {{ seconds: number, p50: number, p99: number }} Load milliseconds of whole verifications
 */

/** 8 digits that the numbering plan has, and nobody's by design: +1 415 2000000 and following. */
const FIRST_NUMBER = 14_152_000_000;

/** @returns {Promise<any>} */
const message = () => new Promise((resolve) => process.once('message', resolve));

/** @param {Job} job */
async function run({ url, conversation, connections, warmUp, count }) {
  const pool = new Pool(url, { connections, pipelining: 1, bodyTimeout: 30_000, headersTimeout: 30_000 });
  const talk = CONVERSATIONS[conversation];
  let nextNumber = FIRST_NUMBER;

  /** @type {import('./conversations.mjs').Post} */
  const post = async (path, body, headers) => {
    const answer = await pool.request({ method: 'POST', path, body, headers });
    const text = await answer.body.text();
    if (answer.statusCode > 299)
      throw new Error(`${path} answers ${answer.statusCode} ${text.slice(0, 500)}`);
    return text;
  };
  /** @param {number} wanted */
  const verify = async (wanted) => {
    const took = /** @type {number[]} */ ([]);
    let left = wanted;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        const since = performance.now();
        await talk(post, `+${nextNumber++}`);
        took.push(performance.now() - since);
      }
    };
    const since = performance.now();
    await Promise.all(Array.from({ length: connections }, worker));
    const seconds = (performance.now() - since) / 1000;
    took.sort((a, b) => a - b);
    const percentile = (/** @type {number} */ share) => took[Math.ceil(took.length * share) - 1] ?? 0;
    return { seconds, p50: percentile(0.5), p99: percentile(0.99) };
  };

  await verify(warmUp);
  const go = message();
  process.send?.('warm');
  await go;
  process.send?.(await verify(count));
  await pool.close();
}

process.once('disconnect', () => process.exit());
process.on('SIGINT', () => undefined);
run(await message()).catch((/** @type {Error} */ error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
