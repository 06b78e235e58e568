import { Command } from 'commander';
import { inApplication, progress, runCommand } from './run-command.js';

const program = new Command('npm run keys:rotate --')
  .description(
    'Encrypts every phone number and every secret of an authenticator app under the first key of PHONE_ENCRYPTION_KEYS, and renews every fingerprint under the first key of PHONE_FINGERPRINT_KEYS. Instances keep serving meanwhile. If the command is interrupted, run it again: it continues where it was. Afterwards you can remove the older keys from the rings. Keep an older fingerprint key for another day, because messages of a day are counted under it.',
  )
  .option('--dry-run', 'count the rows that are still under older keys, and change nothing')
  .action(
    inApplication(async ({ get, verification }, { dryRun }: { dryRun?: boolean }) => {
      const rotator = get(verification.KeyRotator);
      if (dryRun) {
        const counts = await rotator.countOutdated();
        return {
          lines: counts.map(
            ({ column, done, total }) => `${column}: ${done} of ${total} rows would be rotated`,
          ),
        };
      }
      const columns = await rotator.run(({ column, done, total }) =>
        progress(`${column}: ${done} of ${total} rows`),
      );
      return {
        lines: columns.map(({ column, done }) => `${column}: ${done} rows are under the newest keys`),
      };
    }),
  );

void runCommand(program);
