import { readdirSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { DataSource } from 'typeorm';
import { BackgroundJob } from '../src/background/background-job.js';
import { runAdmin } from '../src/commands/admin/program.js';
import { withApplication } from '../src/commands/with-application.js';
import { startApplication } from './support/application.js';
import { testEnvironment } from './support/environment.js';
import { run } from './support/program.js';
import { WriteLog } from './support/write-log.js';

const ID = '0198f2c4-7d1e-7c3a-9b2f-0123456789ab';
const WHY = ['--reason', 'a test'];
/** Whoever reads this configuration fails with exit code 1. */
const UNUSABLE = { DATABASE_URL: 'nonsense', DATA_DIRECTORY: '/dev/null/none' };

async function admin(...args: string[]) {
  const ran = { code: 0, stdout: '', stderr: '' };
  process.exitCode = 0;
  await runAdmin(args, {
    writeOut: (text) => void (ran.stdout += text),
    writeErr: (text) => void (ran.stderr += text),
  });
  ran.code = process.exitCode;
  process.exitCode = 0;
  return ran;
}

describe('a command line that is wrong is refused with exit code 2, before the configuration is read', () => {
  const { env } = process;
  beforeAll(() => void (process.env = { ...env, ...UNUSABLE }));
  afterAll(() => void (process.env = env));

  it('whereas one that is right goes on to the configuration', async () => {
    expect(await admin('show', ID)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('DATABASE_URL'),
    });
  });

  it.each([
    ['planet'],
    ['history', 'extra'],
    ['history', '--colour', 'red'],
    ['history', '--status', 'DONE'],
    ['history', '--country', 'XX'],
    ['history', '--channel', 'fax'],
    ['history', '--number', 'banana'],
    ['history', '--number', '123'],
    ['history', '--address', '300.1.1.1'],
    ['history', '--after', '7'],
    ['history', '--from', 'notadate'],
    ['history', '--from', '1'],
    ...['2026-02-30', '05/11/2026', '1', 'Nov 3', '2026-11-05 18:00'].flatMap((from) => [
      ['history', '--from', from],
      ['statistics', '--to', from],
      ['audit', 'list', '--from', from],
      ['block', 'country', 'FR', '--until', from, ...WHY],
    ]),
    ['block', 'country', 'FR', '--until', '2020-01-01', ...WHY],
    ['create-token', 'name', '--scope', 'audit:read', '--until', '2020-01-01', ...WHY],
    ['history', '--from', '2026-13-01'],
    ['history', '--from', '0000-01-01'],
    ['history', '--from'],
    ['statistics', '--from', '2026-11-24', '--to', '2026-11-23'],
    ['statistics', '--by', 'week'],
    ['show'],
    ['show', '123'],
    ['show', ID, ID],
    ['audit', 'list', '--after', 'x'],
    ['audit', 'list', '--after', '0'],
    ['audit', 'verify', '--seal', '12'],
    ['audit', 'planet'],
    ['audit'],
    ['simulate', '123'],
    ['simulate', '+14155552671', '--channel', 'fax'],
    ['cancel', ID],
    ['cancel', 'x', ...WHY],
    ['cancel', ID, '--reason', 'no'],
    ['cancel', ID, '--reason', '   no   '],
    ['cancel', ID, '--reason', 'x'.repeat(501)],
    ['cancel', ID, '--reason', 'a\u0000test'],
    ['cancel', ID, '--yes', ...WHY],
    ['lift-lock', ...WHY],
    ['lift-lock', '--number', '', ...WHY],
    ['lift-lock', '--user', '', ...WHY],
    ['block', 'planet', 'Mars', ...WHY],
    ['block', 'country', 'XX', ...WHY],
    ['block', 'prefix', '1415', ...WHY],
    ['block', 'number', '123', ...WHY],
    ['block', 'address', '203.0.113.7/33', ...WHY],
    ...['x', '0', '-3', '1.5', '1e3', '0x10', '', 'Infinity', '87601'].map((hours) => [
      'block',
      'prefix',
      '141555',
      '--hours',
      hours,
      ...WHY,
    ]),
    ['unblock', '7', ...WHY],
    ['lift-stop', 'planet', 'US', ...WHY],
    ['lift-stop', 'prefix', 'US', ...WHY],
    ['reset-factors', '', ...WHY, '--yes'],
    ['reveal', '7', ...WHY],
    ...['soon', '0', '-1', '3651', '2 weeks'].map((days) => [
      'create-token',
      'name',
      '--scope',
      'audit:read',
      '--days',
      days,
      ...WHY,
    ]),
    ['create-token', 'name', ...WHY],
    ['create-token', 'name', '--scope', 'everything', ...WHY],
    ['create-token', 'x'.repeat(61), '--scope', 'audit:read', ...WHY],
    ['revoke-token', 'sotp_x', '--yes', ...WHY],
    ['set-password', 'nobody', '--yes', ...WHY],
    ['erase', '--yes', ...WHY],
    ['erase', '--number', 'x', '--yes', ...WHY],
    ['erase', '--number', '+14155552671', '--force', ...WHY],
    ['retention', '--yes'],
    ['retention', 'now', '--yes', ...WHY],
    ['roll-up', '--now'],
    ['tokens', 'all'],
    ['blocks', '--json=x'],
  ])('npm run admin -- %s %s %s %s %s %s', async (...args: string[]) => {
    const ran = await admin(...args);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^(error: .+|Usage: )/);
  });

  it.each([
    ['migrate.js', 'run', 'now'],
    ['migrate.js', 'revert', '--steps', '2'],
    ['migrate.js', 'revert', 'all', '--yes'],
    ['migrate.js', 'up'],
    ['migrate.js'],
    ['rotate-keys.js', '--dry'],
    ['seal-journal.js', '--afterrestore'],
    ['verify-journal.js', '--seal', '12'],
    ['verify-journal.js', '--seal'],
    ['reconcile.js', 'now'],
    ['sandbox.js', '--port', '4000'],
  ])('%s %s %s %s', async (file: string, ...args: string[]) => {
    const program = run(process.execPath, [`dist/src/commands/${file}`, ...args], UNUSABLE);
    expect(await program.ended()).toBe(2);
    expect(program.output()).toMatch(/^(error: .+|Usage: )/);
  });
});

describe('--help', () => {
  it.each([
    ['migrate.js', '--help'],
    ['migrate.js', 'run', '--help'],
    ['migrate.js', 'revert', '--yes', '--help'],
    ['rotate-keys.js', '-h'],
    ['seal-journal.js', '--help'],
    ['verify-journal.js', '--help'],
    ['reconcile.js', '--help'],
    ['sandbox.js', '--help'],
    ['admin.js', 'erase', '--help'],
  ])('of %s %s prints the usage with exit code 0', async (file: string, ...args: string[]) => {
    const program = run(process.execPath, [`dist/src/commands/${file}`, ...args], UNUSABLE);
    expect(await program.ended()).toBe(0);
    expect(program.output()).toMatch(/^Usage: /);
  });

  it('does not load the application: no command imports Nest, TypeORM or Postgres before its action', () => {
    const reached = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      const code = readFileSync(file, 'utf8');
      for (const [, name] of code.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)';/gm))
        if (name!.startsWith('.')) visit(normalize(join(dirname(file), name!.replace(/\.js$/, '.ts'))));
        else packages.add(name!);
    };
    const commands = readdirSync('src/commands').filter((file) => file.endsWith('.ts'));
    for (const file of commands) if (file !== 'with-application.ts') visit(join('src/commands', file));
    expect([...packages].filter((name) => /nest|typeorm|^pg$|class-validator/.test(name))).toEqual([]);
    expect(packages).toContain('commander');
  });
});

describe('a command does no background work', () => {
  it('of any kind that an instance does, and writes nothing by itself', async () => {
    const everySecond = {
      RECONCILE_EVERY_SECONDS: '1',
      JOURNAL_SEAL_SECONDS: '1',
      PROTECTION: 'enforce',
      PROTECTION_WATCH_SECONDS: '1',
      STATISTICS_EVERY_SECONDS: '1',
      RETENTION: 'on',
      WEBHOOKS_URL: 'http://127.0.0.1:9/',
      WEBHOOKS_SECRETS: `whsec_${'A'.repeat(43)}=`,
      WEBHOOKS_PRIVATE_ADDRESSES: 'allow',
      EVENTS_FILE: devNull,
    };
    const { env } = process;
    const start = jest.spyOn(BackgroundJob.prototype as unknown as { start(): void }, 'start');
    const application = await startApplication();
    // Its rounds go on, and each starts the next one.
    const others = new Set(start.mock.contexts);
    try {
      await application.started();
      const writes = await WriteLog.install(application.sql);
      process.env = { ...env, ...testEnvironment(application, everySecond) };
      const started = () =>
        [...new Set(start.mock.contexts)]
          .filter((job) => !others.has(job))
          .map((job) => (job as BackgroundJob).isStarted);
      await withApplication(async ({ get, admin: { Blocks } }) => {
        await get(Blocks).list();
        // Every job was asked to start, and none did.
        const jobs = readdirSync('src', { recursive: true, encoding: 'utf8' })
          .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
          .map((file) => readFileSync(join('src', file), 'utf8').split('extends BackgroundJob {').length - 1)
          .reduce((sum, count) => sum + count, 0);
        expect(jobs).toBeGreaterThan(5);
        expect(started()).toEqual(Array.from({ length: jobs }, () => false));
      });
      // Neither while it ran nor at its end, although there are events to seal.
      expect(await writes.take()).toEqual([]);

      // The same variables make an instance start all of it, also beside a command.
      start.mockClear();
      const instance = await startApplication(everySecond);
      expect(started().length).toBeGreaterThan(5);
      expect(started()).not.toContain(false);
      await instance.close();
    } finally {
      process.env = env;
      start.mockRestore();
      await application.close();
    }
  });

  it('but may work for longer than an instance: the repair of a journal with millions of events is one statement', async () => {
    const { env } = process;
    const application = await startApplication();
    try {
      process.env = { ...env, ...testEnvironment(application) };
      const longer = withApplication(({ get }) => get(DataSource).query('SELECT pg_sleep(13)'));
      await expect(longer).resolves.toHaveLength(1);
    } finally {
      process.env = env;
      await application.close();
    }
  });

  it('because everything that repeats goes through BackgroundJob', () => {
    const timers = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.startsWith('sandbox/'))
      .filter((file) => /\bsetInterval\(/.test(readFileSync(join('src', file), 'utf8')));
    expect(timers.sort()).toEqual([
      // A process of its own, which waits for the end of the embedded database's owner.
      'database/embedded-postgres/watchdog.ts',
      // Measures an instance that serves, which a command does not.
      'operations/overload.ts',
    ]);
  });
});
