import { readFileSync } from 'node:fs';

/** Whether a process is there and not merely unreaped: in a container the first process may leave the dead lying about. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !/^\S+ \(.*\) Z /.test(procFile(pid, 'stat'));
}

/** The name of a process's program; empty where the system does not tell. */
export function commandOf(pid: number): string {
  return procFile(pid, 'comm').trim();
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
