/**
 * A preload (`NODE_OPTIONS=--import`) that ends its own process with SIGKILL at a named point, so that nothing can be
 * tidied up. `KILL_AT=<moment>:<point>:<nth>`, for example `after:otp.start:3`: when the third start's row is
 * written and the application does not know it yet. The application has no hooks for this.
 *
 * Points: `otp.*`, the named Postgres statements, `before` they are sent and `after` they are answered; and
 * `provider.start`, `provider.check`, `provider.cancel`, `provider.next`, `provider.search`: `before` the request is
 * written, `sent` when it is, `after` its answer was read. `commit.<table>` is the COMMIT of a transaction that has last
 * inserted into that table.
 */
import { subscribe } from 'node:diagnostics_channel';
import pg from 'pg';

const [moment, point, nth = '1'] = (process.env.KILL_AT ?? '').split(':');
if (process.env.KILL_AT && !(/^(before|sent|after)$/.test(moment) && point && Number(nth) > 0)) {
  throw new Error(`KILL_AT must be <before|sent|after>:<point>:<nth>, not ${process.env.KILL_AT}`);
}

let seen = 0;
function reached(atMoment, atPoint) {
  if (atMoment !== moment || atPoint !== point) return;
  seen += 1;
  if (seen === Number(nth)) process.kill(process.pid, 'SIGKILL');
}

const LAST_TABLE = Symbol('the table that this connection has last inserted into');
function commitOf(client, text) {
  client[LAST_TABLE] = /^\s*INSERT INTO "?(\w+)/i.exec(text)?.[1] ?? client[LAST_TABLE];
  return text === 'COMMIT' && client[LAST_TABLE] ? `commit.${client[LAST_TABLE]}` : undefined;
}

/** Statements: what the pool and a client of its own have in common is the client's `query`. */
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function (config, ...rest) {
  const name = config?.name ?? commitOf(this, config?.text ?? config);
  if (!name) return query.call(this, config, ...rest);
  reached('before', name);
  const last = rest.length - 1;
  const callback = rest[last];
  if (typeof callback === 'function') {
    rest[last] = (error, result) => {
      if (!error) reached('after', name);
      callback(error, result);
    };
    return query.call(this, config, ...rest);
  }
  return query.call(this, config, ...rest).then((result) => {
    reached('after', name);
    return result;
  });
};

/** The provider's calls, as undici tells of them: both APIs' paths. */
const CALLS = [
  ['POST', /^\/v2\/verify$|^\/verify\/json$/, 'provider.start'],
  ['POST', /^\/v2\/verify\/[^/]+$|^\/verify\/check\/json$/, 'provider.check'],
  ['POST', /^\/v2\/verify\/[^/]+\/next_workflow$/, 'provider.next'],
  ['DELETE', /^\/v2\/verify\/[^/]+$/, 'provider.cancel'],
  ['POST', /^\/verify\/control\/json$/, 'provider.cancel'],
  ['GET', /^\/verify\/search\/json$/, 'provider.search'],
];
const MOMENTS = {
  'undici:request:create': 'before',
  'undici:request:bodySent': 'sent',
  'undici:request:trailers': 'after',
};
for (const [channel, atMoment] of Object.entries(MOMENTS)) {
  subscribe(channel, ({ request }) => {
    const path = String(request.path).split('?')[0];
    const call = CALLS.find(([method, pattern]) => method === request.method && pattern.test(path));
    if (call) reached(atMoment, call[2]);
  });
}
