import { Command } from 'commander';
import { inApplication, progress, runCommand } from './run-command.js';

const program = new Command('npm run journal:seal --')
  .description(
    'Seals the events that are not sealed yet, and prints the newest seal of each journal as <journal> <number>:<hash>. Keep it elsewhere: journal:verify -- --seal <number>:<hash> compares with it.',
  )
  .option('--json', 'print the seals as JSON')
  .option(
    '--after-restore',
    'first repair the transaction ids of a database that was restored from a dump into another cluster; run it as the owner of the tables, while no instance runs',
  )
  .action(
    inApplication(async ({ get, verification }, { afterRestore }: { afterRestore?: boolean }) => {
      if (afterRestore) {
        const repaired = await get(verification.JournalRestorer).renumber();
        progress(`repaired: ${repaired.join(', ') || 'nothing had to be repaired'}`);
      }
      const sealer = get(verification.JournalSealer);
      await sealer.sealAll();
      const seals = await sealer.newestSeals();
      return {
        result: seals,
        lines: seals.map(({ journal, number, hash }) => `${journal} ${number}:${hash}`),
      };
    }),
  );

void runCommand(program);
