import { setTimeout as sleep } from 'node:timers/promises';
import { describeEmbedded, firstNumber, Home, query, recall, remember, stop } from './home.js';

describeEmbedded('the one owner of an embedded Postgres', () => {
  let home: Home;
  beforeEach(() => {
    home = new Home();
  });
  afterEach(() => home.end());

  it('lets one of two simultaneous first starts win and refuses the other and every later one', async () => {
    const reports = await Promise.all([home.startOwner().report, home.startOwner().report]);
    const refused = reports.filter((report) => report.error);
    expect(refused).toEqual([
      { error: 'EmbeddedPostgresError', message: expect.stringContaining('in use by another') },
    ]);

    const { url } = reports.find((report) => !report.error)!;
    const third = await home.startOwner().report;
    expect(third.message).toContain('Stop that one first');
    await remember(url);
    expect(await recall(url)).toEqual(['a secret']);
  });

  it('remains the only owner when Postgres has dropped its connection', async () => {
    const { owner, report } = await home.running();
    await query(
      report.adminUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'embedded-postgres owner'`,
    );
    expect((await home.startOwner().report).message).toContain('in use by another');
    await stop(owner);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('does not disturb a first start whose initdb takes longer than a lock may rest', async () => {
    const first = await home.initialising();
    const initdb = firstNumber(`/proc/${first.process.pid}/task/${first.process.pid}/children`);
    process.kill(initdb, 'SIGSTOP');
    const second = home.startOwner();
    await sleep(6500);
    process.kill(initdb, 'SIGCONT');
    expect(await first.report).toMatchObject({ adopted: false });
    expect((await second.report).message).toContain('in use by another');
    await stop(first);
  });
});
