import { readFileSync } from 'node:fs';
import { startApplication, type TestApplication } from './support/application.js';
import { run } from './support/program.js';

describe('the load scripts', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const runScript = async (file: string) => {
    const program = run(process.execPath, [file, application.url, application.sandbox.url]);
    const code = await program.ended();
    if (code !== 0) throw new Error(program.output());
    return JSON.parse(program.output()) as Record<string, any>;
  };
  const verified = async () => {
    const { rows } = await application.sql.query<{ status: string; count: number }>(
      'SELECT status, count(*)::int AS count FROM otp_verification_requests GROUP BY status',
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  };

  it('load/artillery.yml verifies a number with each virtual user, in the engine of Artillery', async () => {
    const { counters } = await runScript('test/support/run-artillery.mjs');
    expect(counters).toMatchObject({ 'vusers.created': 8, 'vusers.completed': 8, 'http.codes.200': 24 });
    expect(
      Object.keys(counters).filter((name) => /^errors|failed\b(?!.*0)/.test(name) && counters[name] > 0),
    ).toEqual([]);
    expect(await verified()).toEqual({ VERIFIED: 8 });
  });

  it('load/k6.js verifies a number in each iteration, with thresholds for every step', async () => {
    const before = (await verified())['VERIFIED'] ?? 0;
    const { options, checks } = await runScript('test/support/run-k6.mjs');
    expect(checks).toEqual([
      ['the code is sent', true],
      ['the number is verified', true],
    ]);
    expect(await verified()).toEqual({ VERIFIED: before + 1 });
    const script = readFileSync('load/k6.js', 'utf8');
    for (const name of Object.keys(options.thresholds)) {
      const [, step] = /\{step:(\w+)\}/.exec(name) ?? [];
      if (step) expect(script).toContain(`'${step}')`);
    }
    expect(Object.keys(options.thresholds)).toEqual(expect.arrayContaining(['checks', 'http_req_failed']));
  });
});
