import { Command } from 'commander';
import type { RotationProgress, UnreadableRow } from '../verification/index.js';
import { EXIT, inApplication, type Outcome, progress, runCommand } from './run-command.js';

/** Rows that are named, of those that cannot be opened. All of them may be, when a key is missing. */
const MOST_NAMED = 50;

/** The exit code says whether everything could be opened. */
function outcomeOf(
  columns: readonly RotationProgress[],
  describe: (progress: RotationProgress) => string,
): Outcome {
  const failed = columns.filter(({ unreadable }) => unreadable > 0);
  return {
    lines: [
      ...columns.map(describe),
      ...failed.map(
        ({ column, unreadable }) => `${column}: ${unreadable} rows cannot be opened and stay as they are`,
      ),
    ],
    ...(failed.length > 0
      ? {
          note: 'Add the missing keys to the rings and run the command again before you remove older keys.',
          exitCode: EXIT.failed,
        }
      : {}),
  };
}

const program = new Command('npm run keys:rotate --')
  .description(
    'Encrypts every phone number and every secret of an authenticator app under the first key of PHONE_ENCRYPTION_KEYS, and renews every fingerprint under the first key of PHONE_FINGERPRINT_KEYS. Instances keep serving meanwhile. If the command is interrupted, run it again: it continues where it was. Afterwards you can remove the older keys from the rings. Keep an older fingerprint key for another day, because messages of a day are counted under it.',
  )
  .option('--dry-run', 'count the rows that are still under older keys, and change nothing')
  .action(
    inApplication(async ({ get, verification }, { dryRun }: { dryRun?: boolean }) => {
      const rotator = get(verification.KeyRotator);
      let named = 0;
      const report = ({ column, id, reason }: UnreadableRow) => {
        named += 1;
        if (named <= MOST_NAMED) progress(`${column} of row ${id} cannot be opened: ${reason}`);
        if (named === MOST_NAMED) progress('Further rows are counted only.');
      };
      if (dryRun) {
        const counts = await rotator.countOutdated(report);
        return outcomeOf(
          counts,
          ({ column, done, total }) => `${column}: ${done} of ${total} rows would be rotated`,
        );
      }
      const columns = await rotator.run(
        ({ column, done, total }) => progress(`${column}: ${done} of ${total} rows`),
        report,
      );
      return outcomeOf(
        columns,
        ({ column, done, unreadable }) => `${column}: ${done - unreadable} rows are under the newest keys`,
      );
    }),
  );

void runCommand(program);
