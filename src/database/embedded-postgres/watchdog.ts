import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isAlive } from './processes.js';

/**
 * A process of a few lines whose standard input is a pipe from us. However we die, the kernel closes the pipe; then it
 * gives Postgres the fast shutdown that we no longer can. Plain JavaScript in a string: it must run without our build.
 */
const PROGRAM = `
  const pid = Number(process.argv[1]);
  const alive = () => { try { process.kill(pid, 0); return true; } catch { return false; } };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  process.stdin.resume().on('error', () => {}).on('close', () => {
    const killAt = Date.now() + 20000;
    try { process.kill(pid, 'SIGINT'); } catch {}
    const timer = setInterval(() => {
      if (!alive()) process.exit();
      if (Date.now() > killAt) { try { process.kill(pid, 'SIGQUIT'); } catch {} process.exit(); }
    }, 50);
  });
`;

export interface Watchdog {
  /** Ends it: call it when the server is gone, for it takes down what it watches. */
  dismiss(): Promise<void>;
}

export const watchdogFile = (dataDirectory: string): string => `${dataDirectory}.watchdog`;

/**
 * @param pid the server to take down when this process ends, in whatever way
 * @param pidFile where the watchdog's own process id is kept, see {@link isWatched}
 */
export function watch(pid: number, pidFile: string): Watchdog {
  const child: ChildProcess = spawn(process.execPath, ['-e', PROGRAM, String(pid)], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  const gone = new Promise<void>((resolve) =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  );
  writeFileSync(pidFile, String(child.pid ?? ''));
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    async dismiss() {
      child.stdin!.destroy();
      child.ref();
      await gone;
      rmSync(pidFile, { force: true });
    },
  };
}

/** Whether a watchdog is still about to shut its server down: such a server is not to be taken over. */
export function isWatched(pidFile: string): boolean {
  try {
    return isAlive(Number(readFileSync(pidFile, 'utf8')));
  } catch {
    return false;
  }
}
