import type { Finding } from '../../src/commands/doctor/finding.js';
import { freePort } from '../support/free-port.js';
import { run } from '../support/program.js';
import {
  APPENDING,
  type DoctorUnderTest,
  doctorUnderTest,
  of,
  PASSWORD,
  startProxy,
  statesOf,
  textOf,
} from './doctor.js';

describe('npm run doctor', () => {
  let t: DoctorUnderTest;
  beforeAll(async () => {
    t = await doctorUnderTest();
  });
  afterAll(() => t?.close());

  /** As a terminal starts it. */
  const asProgram = async (more: Record<string, string>, ...args: string[]) => {
    const program = run(process.execPath, ['dist/src/commands/doctor.js', ...args], t.environment(more));
    const code = await program.ended();
    return { code, output: program.output() };
  };

  it('finds nothing wrong with an application that runs, and says so in a line for each check', async () => {
    const proxy = await startProxy(t.application.url, APPENDING);
    const healthy = await t.findings({ PUBLIC_URL: proxy.url });
    expect(healthy.filter(({ state }) => state === 'wrong')).toEqual([]);
    expect(healthy.map(({ check }) => check)).toEqual([
      'configuration',
      'database',
      'database writes',
      'database TLS',
      'database clock',
      'migrations',
      'database role',
      'keys',
      'redis',
      'vonage',
      'vonage clock',
      'webhook',
      'events file',
      'e-mail',
      'proxy',
    ]);
    const { code, output } = await asProgram({ PUBLIC_URL: proxy.url });
    proxy.close();
    expect(output.trimEnd().split('\n')).toHaveLength(15);
    expect(output).toMatch(/^ok +database: Postgres \d+/m);
    expect(output).toContain('ok       migrations: the schema is up to date');
    expect(code).toBe(0);
  });

  it('runs the other checks while the database is down, exits with 1, and prints JSON', async () => {
    const port = await freePort();
    const { code, output } = await asProgram(
      { DATABASE_URL: `postgres://app:${PASSWORD}@127.0.0.1:${port}/otp` },
      '--json',
    );
    expect(code).toBe(1);
    const found = JSON.parse(output) as Finding[];
    expect(of(found, 'database')).toEqual([
      {
        check: 'database',
        state: 'wrong',
        message: `connection refused by 127.0.0.1:${port} (ECONNREFUSED)`,
        advice: expect.stringContaining('DATABASE_URL'),
      },
    ]);
    expect(statesOf(found, 'vonage')).toEqual(['ok', 'ok']);
    expect(output).not.toContain(PASSWORD);
  });

  it('names every wrong variable, and still checks what can be checked', async () => {
    const found = await t.findings({ PORT: '70000', WEBHOOKS_SECRETS: PASSWORD, LIMT_NUMBER: '5' });
    expect(of(found, 'configuration').map(({ message }) => message.split(' ')[0])).toEqual([
      'PORT',
      'WEBHOOKS_SECRETS',
      'WEBHOOKS_URL',
    ]);
    expect(statesOf(found, 'migrations')).toEqual(['ok']);
    expect(textOf(found)).not.toContain(PASSWORD);
    expect(of(await t.findings({ LIMT_NUMBER: '5' }), 'configuration')).toMatchObject([
      { state: 'warning', message: expect.stringContaining('LIMIT_NUMBER') },
    ]);
  });

  it('compares its clock with the database’s and the provider’s', async () => {
    const skewed = {
      NODE_OPTIONS: '--import=./test/support/clock-skew.mjs',
      CLOCK_SKEW_MS: '120000',
    };
    const { code, output } = await asProgram(skewed);
    expect(code).toBe(1);
    expect(output).toMatch(
      /^wrong +database clock: this machine’s clock is 1\d\d\.\d s ahead\. Synchronise/m,
    );
    expect(output).toMatch(/^wrong +vonage clock: this machine’s clock is 1\d\d\.\d s ahead/m);
  });
});
