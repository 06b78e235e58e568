// `npm test`: builds (tests start the compiled application too), says what is left out for lack of a program, runs Jest.
// `npm run test:chaos` (--chaos): the attacks on a running system instead, one after the other; minutes each.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { buildIfStale } from './build-if-stale.mjs';

buildIfStale();

const given = process.argv.slice(2);
const chaos = given.includes('--chaos');
const args = given.filter((arg) => arg !== '--chaos');
if (chaos) args.unshift('--config', 'test/chaos/jest.config.mjs');

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const browser = process.env.CHROMIUM_PATH ?? chromium ?? '';
if (!browser && !chaos)
  process.stdout.write('No Chromium found (CHROMIUM_PATH): the tests in a real browser are left out.\n');

const redis =
  process.env.REDIS_SERVER_PATH ??
  ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'].find(
    existsSync,
  ) ??
  '';
if (!redis)
  process.stdout.write(
    'No redis-server found (REDIS_SERVER_PATH): the tests with a real Redis are left out.\n',
  );

const pgbouncer =
  process.env.PGBOUNCER_PATH ??
  ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer'].find(existsSync) ??
  '';
if (!pgbouncer && !chaos)
  process.stdout.write('No pgbouncer found (PGBOUNCER_PATH): the tests behind a pooler are left out.\n');
else if (!chaos) {
  const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(
    execFileSync(pgbouncer, ['--version'], { encoding: 'utf8' }),
  );
  if (Number(major) === 1 && Number(minor) < 21)
    process.stdout.write(
      `PgBouncer ${major}.${minor} does not track prepared statements (1.21 does): the test of that is left out.\n`,
    );
}

const nginx =
  process.env.NGINX_PATH ??
  ['/usr/sbin/nginx', '/usr/bin/nginx', '/opt/homebrew/bin/nginx'].find(existsSync) ??
  '';
if (!nginx)
  process.stdout.write('No nginx found (NGINX_PATH): the rolling restarts behind it are left out.\n');

const promtool =
  process.env.PROMTOOL_PATH ??
  ['/usr/bin/promtool', '/usr/local/bin/promtool', '/opt/homebrew/bin/promtool'].find(existsSync) ??
  '';
if (!promtool && !chaos)
  process.stdout.write('No promtool found (PROMTOOL_PATH): the unit tests of the alerts are left out.\n');

const prometheus =
  process.env.PROMETHEUS_PATH ??
  ['/usr/bin/prometheus', '/usr/local/bin/prometheus', '/opt/homebrew/bin/prometheus'].find(existsSync) ??
  '';
if (!prometheus && chaos)
  process.stdout.write('No prometheus found (PROMETHEUS_PATH): the drills of the alerts are left out.\n');

// Several versions may be installed; the newest is taken.
const postgres =
  process.env.POSTGRES_BIN_PATH ??
  ['18', '17', '16', '15'].map((version) => `/usr/lib/postgresql/${version}/bin`).find(existsSync) ??
  '';
if (!postgres && chaos)
  process.stdout.write(
    'No pg_basebackup found (POSTGRES_BIN_PATH): the promotion of a standby is left out.\n',
  );

const jest = spawn(process.execPath, ['node_modules/jest/bin/jest.js', ...args], {
  stdio: 'inherit',
  env: {
    ...process.env,
    CHROMIUM_PATH: browser,
    REDIS_SERVER_PATH: redis,
    PGBOUNCER_PATH: pgbouncer,
    NGINX_PATH: nginx,
    PROMTOOL_PATH: promtool,
    PROMETHEUS_PATH: prometheus,
    POSTGRES_BIN_PATH: postgres,
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
jest.on('exit', (code) => process.exit(code ?? 1));
