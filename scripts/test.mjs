// `npm test`: everything that runs in one process, with a real Postgres. `npm run test:system` (--system): what needs a
// browser, or processes of the built application. `npm run test:chaos` (--chaos): attacks on a running system, minutes each.
// Files and folders can be named, as for Jest: `npm test -- test/journal`.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildIfStale } from './build-if-stale.mjs';

/** Programs that npm does not install: the variable with its path, its names, what needs it in which kind of run. */
const PROGRAMS = [
  ['CHROMIUM_PATH', ['chromium', 'chromium-browser', 'google-chrome'], { system: 'tests in a real browser' }],
  [
    'REDIS_SERVER_PATH',
    ['redis-server'],
    { fast: 'tests with Redis', system: 'tests with Redis', chaos: 'drill of Redis' },
  ],
  ['PGBOUNCER_PATH', ['pgbouncer'], { system: 'tests behind a pooler' }],
  [
    'NGINX_PATH',
    ['nginx'],
    { fast: 'check of nginx.conf', system: 'restarts behind it', chaos: 'restarts behind it' },
  ],
  ['PROMTOOL_PATH', ['promtool'], { fast: 'unit tests of the alerts' }],
  ['PROMETHEUS_PATH', ['prometheus'], { chaos: 'the drills of the alerts' }],
  // Several versions may be installed; the newest is taken.
  [
    'POSTGRES_BIN_PATH',
    ['18', '17', '16', '15'].map((version) => `/usr/lib/postgresql/${version}/bin`),
    { chaos: 'promotion of a standby' },
  ],
];
const FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
const SYSTEM_SUITES = '(browser|processes)-spec';

buildIfStale();

const given = process.argv.slice(2);
const kind = ['system', 'chaos'].find((each) => given.includes(`--${each}`)) ?? 'fast';
const args = given.filter((each) => each !== `--${kind}`);
if (kind === 'chaos') args.unshift('--config', 'test/chaos/jest.config.mjs');
// Jest runs what fits any of the patterns, so ours would add to the files that are named.
const isChosen = args.some((each) => /^(src|test)\b|^--watch/.test(each));
if (kind === 'system' && !isChosen) args.push('--testPathPatterns', SYSTEM_SUITES);
if (kind === 'fast' && !isChosen) {
  args.unshift('--config', 'test/together/jest.config.mjs');
  process.stdout.write('Tests in a browser and of whole processes are left out: npm run test:system\n');
}

const programs = {};
for (const [variable, names, needs] of PROGRAMS) {
  const places = names.flatMap((name) => FOLDERS.map((folder) => resolve(folder, name)));
  programs[variable] = process.env[variable] ?? places.find(existsSync) ?? '';
  if (needs[kind] && !programs[variable])
    process.stdout.write(`No ${names[0]} found (${variable}): ${needs[kind]} left out.\n`);
}

const jest = spawn(process.execPath, ['node_modules/jest/bin/jest.js', ...args], {
  stdio: 'inherit',
  env: { ...process.env, ...programs },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
jest.on('exit', (code) => process.exit(code ?? 1));
