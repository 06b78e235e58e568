import { startApplication, type TestApplication } from '../support/application.js';
import { run } from '../support/program.js';
import { sealEverything } from '../support/seal.js';
import { verify } from './journal.js';

describe('a journal that was tampered with', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  it('npm run journal:verify says so, and its exit code too; a kept seal uncovers a rewritten history', async () => {
    const { started, sql, databaseUrl, dataDirectory } = application;
    const environment = { DATABASE_URL: databaseUrl, DATA_DIRECTORY: dataDirectory };
    const command = async (name: string, ...args: string[]) => {
      const program = run(process.execPath, [`dist/src/commands/${name}.js`, ...args], environment);
      return { code: await program.ended(), output: program.output() };
    };
    const { requestId } = await started();
    await sealEverything(application);
    const sealed = await command('seal-journal');
    const [, kept] = /^verification (1:[0-9a-f]{64})$/m.exec(sealed.output)!;
    const clean = await command('verify-journal', '--seal', kept!);
    expect(clean).toMatchObject({ code: 0 });
    expect(clean.output).toContain('1 request, 2 sealed events, 0 events not sealed yet');
    expect(clean.output).toContain('the journal is as it was written');
    await sql.query(`UPDATE otp_verification_events SET reason = 'because' WHERE number = 2`);
    const altered = await command('verify-journal');
    expect(altered.code).toBe(1);
    expect(altered.output).toContain(`request ${requestId}, event 2: altered`);
    // Whoever may change everything seals it anew. Only the kept seal shows it.
    await sql.query(`DELETE FROM otp_journal_seals; UPDATE otp_journal_cursors SET xid = 0`);
    await sealEverything(application);
    expect((await verify(application)).findings).toEqual([]);
    const rewritten = await command('verify-journal', '--seal', kept!);
    expect(rewritten.code).toBe(1);
    expect(rewritten.output).toContain('seal 1: not the one that you kept');
  });
});
