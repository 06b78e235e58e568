import { Command, CommanderError, type OutputConfiguration } from 'commander';
import type { Parts } from './with-application.js';

/** The exit codes of every command; docs/operations.md explains them. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** What a command found or did. */
export interface Outcome {
  /** For people, on stdout. */
  lines: string[];
  /** For programs: printed instead of the lines with `--json`. */
  result?: unknown;
  /** What to do next, on stderr. */
  note?: string;
  /** @default EXIT.done */
  exitCode?: number;
}

/** Prints a line on stderr, because stdout is for the result. */
export const progress = (line: string): void => void process.stderr.write(`${line}\n`);

/** The outcome for something that does not exist, or that the rules refuse. */
export const refused = (line: string, result: unknown = null): Outcome => ({
  lines: [line],
  result,
  exitCode: EXIT.failed,
});

/** An action of commander that prints its outcome and sets the exit code. */
export const printing = <Args extends unknown[]>(work: (...args: Args) => Promise<Outcome>) =>
  async function (this: Command, ...args: any[]): Promise<void> {
    const { lines, result, note, exitCode = EXIT.done } = await work(...(args as Args));
    const isJson = this.optsWithGlobals<{ json?: boolean }>().json;
    const { writeOut, writeErr } = this.configureOutput();
    writeOut!(isJson ? `${JSON.stringify(result)}\n` : lines.map((line) => `${line}\n`).join(''));
    if (note) writeErr!(`${note}\n`);
    process.exitCode = exitCode;
  };

/** {@link printing}, with the application's services. The application is loaded only when the command line is valid. */
export const inApplication = <Args extends unknown[]>(
  work: (parts: Parts, ...args: Args) => Promise<Outcome>,
) =>
  printing(async (...args: Args) => {
    const { withApplication } = await import('./with-application.js');
    return withApplication((parts) => work(parts, ...args));
  });

/** The options of a command that loses data. */
export interface Confirmation {
  yes?: boolean;
  dryRun?: boolean;
}

/** Makes a command ask for `--yes` before it loses data; see {@link unlessConfirmed}. */
export const destructive = (command: Command): Command =>
  command
    .option('--yes', 'do it; without it the command only says what would be lost')
    .option('--dry-run', 'say what would be lost, and do nothing');

/** @returns what would be lost, unless `--yes` was given without `--dry-run` */
export async function unlessConfirmed(
  { yes, dryRun }: Confirmation,
  losses: () => Promise<Outcome>,
): Promise<Outcome | null> {
  if (yes && !dryRun) return null;
  const outcome = await losses();
  if (outcome.exitCode) return outcome;
  return dryRun
    ? { ...outcome, note: 'Nothing was changed, because this was a dry run.' }
    : { ...outcome, note: 'Nothing was changed. Add --yes to do it.', exitCode: EXIT.usage };
}

const ignore = (): void => undefined;

/**
 * Parses the command line strictly, runs the command and sets the exit code of this process.
 * @param output where results and errors are written. @default stdout and stderr
 */
export async function runCommand(
  program: Command,
  args: readonly string[] = process.argv.slice(2),
  output: OutputConfiguration = {},
): Promise<void> {
  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])])
    command.exitOverride().showHelpAfterError('(--help shows the usage)').configureOutput(output);
  // `| head` closes the pipe when it has read enough.
  if (!process.stdout.listenerCount('error', ignore)) process.stdout.on('error', ignore);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has printed its own errors already, and help if that was asked for.
    if (!(error instanceof CommanderError))
      program.configureOutput().writeErr!(`${(error as Error).message}\n`);
    const isHelp = error instanceof CommanderError && error.exitCode === 0;
    process.exitCode = isHelp ? EXIT.done : error instanceof CommanderError ? EXIT.usage : EXIT.failed;
  }
}
