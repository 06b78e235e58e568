import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkCounts } from './check.mjs';
import { CONTENDERS } from './contenders/index.mjs';
import { cpuSeconds } from './cpu.mjs';
import { freePort, messageFrom, startNode, untilItListens } from './processes.mjs';

/**
 * @typedef {object} Ground what all contenders stand on
 * @property {string} folder
 * @property {import('./postgres.mjs').Postgres} postgres
 * @property {import('./provider.mjs').Provider} provider
 * @property {number} count
 * @property {number} warmUp
 * @property {string | null} profile
 *
 * @typedef {object} Figures
 * @property {number} perSecond verifications
 * @property {number | null} appCpu microseconds per verification; null: there is no application
 * @property {number | null} postgresCpu the same, of all the server's processes
 * @property {number | null} p50 milliseconds of one verification
 * @property {number | null} p99
 */

/** After the warm-up: what was started by it and runs on is not to be counted. */
const SETTLE_MS = 200;
export const MICROSECONDS = 1e6;

/** @param {string} name */
export const templateOf = (name) => `template_${name.replaceAll('-', '_')}`;

/**
 * One measurement: a fresh process on a fresh copy of its database (or on one that is given), warmed up.
 * @param {Ground} ground
 * @param {string} name
 * @param {{ connections: number, latencyMs: number, database?: string, env?: Record<string, string>, commitDelayMs?: number }} setting
 * @returns {Promise<Figures>}
 * @throws Error when anything was not verified, or counted otherwise than by the provider
 */
export async function measure(ground, name, setting) {
  const { connections, latencyMs, database, env = {}, commitDelayMs } = setting;
  const { folder, postgres, provider, count, warmUp } = ground;
  const contender = CONTENDERS[name];
  if (!contender) throw new Error(`no contender ${name}`);
  const own = database ?? 'measured';
  if (!database && contender.prepare) await postgres.create(own, templateOf(name));
  if (commitDelayMs) await postgres.delayCommits(own, commitDelayMs);
  await postgres.checkpoint();
  await provider.reset(latencyMs);
  const [{ now: since }] = await postgres.sql('SELECT clock_timestamp() AS now');

  const { program, url } = await startContender(ground, name, postgres.urlOf(own), { env });
  const withItsWords = (/** @type {Error} */ error) => {
    throw new Error(`${name}: ${error.message}\n${program.lastWords()}`, { cause: error });
  };
  const load = startNode('load', [join(import.meta.dirname, 'load.mjs')], { folder, ipc: true });
  const warm = messageFrom(load).catch(withItsWords);
  load.child.send({ url, conversation: contender.conversation, connections, warmUp, count });
  await warm;
  await sleep(SETTLE_MS);

  const cpu = () => ({ app: cpuSeconds(program.pid), postgres: cpuSeconds(postgres.pid) });
  const before = cpu();
  const done = messageFrom(load).catch(withItsWords);
  load.child.send('go');
  /** @type {import('./load.mjs').Load} */
  const { seconds, p50, p99 } = await done;
  const after = cpu();

  await load.stop();
  await program.stop();
  await checkCounts(ground, contender, warmUp + count, { database: own, since });
  if (!database) await postgres.drop(own);
  return {
    perSecond: count / seconds,
    appCpu: ((after.app - before.app) * MICROSECONDS) / count,
    postgresCpu: contender.prepare ? ((after.postgres - before.postgres) * MICROSECONDS) / count : null,
    p50,
    p99,
  };
}

/**
 * @param {Pick<Ground, 'folder' | 'provider' | 'profile'>} ground
 * @param {string} name
 * @param {string} databaseUrl
 * @param {{ args?: string[], env?: Record<string, string> }} [more]
 */
export async function startContender(
  { folder, provider, profile },
  name,
  databaseUrl,
  { args = [], env = {} } = {},
) {
  const contender = CONTENDERS[name];
  if (!contender) throw new Error(`no contender ${name}`);
  const port = await freePort();
  const profiling = profile && name === 'application' ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
  const program = startNode(name, [...profiling, ...args, contender.script], {
    folder,
    env: {
      NODE_ENV: 'production',
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      VONAGE_API_HOST: provider.url,
      VONAGE_API_KEY: 'bench',
      VONAGE_API_SECRET: 'bench',
      ...contender.env,
      ...env,
    },
  });
  await untilItListens(program, port);
  return { program, url: `http://127.0.0.1:${port}` };
}
