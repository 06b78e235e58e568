import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Program {
  process: ChildProcess;
  /** Everything it wrote so far, both streams. */
  output(): string;
  /** Waits until the output has this. @throws Error with the output when it ends or takes longer */
  says(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** The exit code once it has ended. */
  ended(withinMs?: number): Promise<number | null>;
}

/** Far more than anything takes, even beside much other work. */
const PATIENCE_MS = 90_000;

/** Runs a program of the project as a user would, with nothing of our own environment but what programs need. */
export function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
  cwd = process.cwd(),
): Program {
  const { PATH = '', HOME = '', SystemRoot = '' } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { PATH, HOME, SystemRoot, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that a test can send it what a terminal sends.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  return {
    process: child,
    output: () => output,
    async says(pattern, withinMs = PATIENCE_MS) {
      const giveUpAt = Date.now() + withinMs;
      for (;;) {
        const match = pattern.exec(output);
        if (match) return match;
        if (isOver() || Date.now() > giveUpAt) throw new Error(`it never said ${pattern}:\n${output}`);
        await sleep(20);
      }
    },
    async ended(withinMs = PATIENCE_MS) {
      const giveUpAt = Date.now() + withinMs;
      while (!isOver()) {
        if (Date.now() > giveUpAt) throw new Error(`it does not end:\n${output}`);
        await sleep(20);
      }
      return child.exitCode;
    },
  };
}
