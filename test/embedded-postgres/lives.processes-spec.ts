import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeEmbedded, eventually, Home, isAlive, kill, query, recall, remember, stop } from './home.js';

describeEmbedded('what the embedded Postgres survives', () => {
  let home: Home;
  beforeEach(() => {
    home = new Home();
  });
  afterEach(() => home.end());

  it('keeps data over a restart, lets its owner exit by itself and leaves no process behind', async () => {
    const first = await home.running();
    expect(first.report.adopted).toBe(false);
    await remember(first.report.url);
    const processes = [home.serverProcess(), home.watchdogProcess()];
    expect(processes.map(isAlive)).toEqual([true, true]);
    await stop(first.owner);
    expect(processes.map(isAlive)).toEqual([false, false]);

    const second = await home.running();
    expect(second.report.adopted).toBe(false);
    expect(await recall(second.report.url)).toEqual(['a secret']);
    await stop(second.owner);
    expect(readdirSync(home.folder).filter((name) => /new-|lock|watchdog/.test(name))).toEqual([]);
  });

  it('goes down within five seconds when its owner is killed, and starts again at once', async () => {
    const { owner, report } = await home.running();
    await remember(report.url);
    const processes = [home.serverProcess(), home.watchdogProcess()];
    await kill(owner);
    await eventually(() => !processes.some(isAlive), 5000);

    const { owner: next, report: again } = await home.running();
    await kill(next);
    // The server of the killed one may still be shutting down.
    const { owner: last, report: third } = await home.running();
    expect(await recall(third.url)).toEqual(['a secret']);
    expect(again.adopted).toBe(false);
    await stop(last);
  });

  it('adopts the server of a run that was killed together with its watchdog', async () => {
    const first = await home.running();
    await remember(first.report.url);
    const server = home.serverProcess();
    process.kill(home.watchdogProcess(), 'SIGKILL');
    await kill(first.owner);
    expect(isAlive(server)).toBe(true);

    const second = await home.running();
    expect(second.report).toEqual({ ...first.report, adopted: true });
    expect(home.serverProcess()).toBe(server);
    expect(await recall(second.report.url)).toEqual(['a secret']);

    const watchdog = home.watchdogProcess();
    await stop(second.owner);
    expect([server, watchdog].map(isAlive)).toEqual([false, false]);
  });

  it('survives a crash of the server: the owner lives on, and the next start has all that was committed', async () => {
    const { owner, report } = await home.running({ durable: true });
    await remember(report.url);
    process.kill(home.serverProcess(), 'SIGKILL');
    await sleep(300);
    expect(existsSync(join(home.dataDirectory, 'postmaster.pid'))).toBe(true);
    await stop(owner);

    const next = await home.running();
    expect(next.report.adopted).toBe(false);
    expect(await recall(next.report.url)).toEqual(['a secret']);
    await stop(next.owner);
  });

  it('starts afresh after a first start that was killed in the middle of initdb', async () => {
    const first = await home.initialising();
    process.kill(-first.process.pid!, 'SIGKILL');
    await first.exit;
    expect(existsSync(home.dataDirectory)).toBe(false);

    const second = await home.running();
    expect(await query(second.report.url, 'SELECT current_database()')).toEqual(['app']);
    expect(home.draft()).toBeUndefined();
    await stop(second.owner);
  });
});
