import { Command } from 'commander';
import { inApplication, runCommand } from './run-command.js';

const program = new Command('npm run reconcile --')
  .description(
    'Does one round of what running instances do all the time: finds the outcome of messages and checks whose answer was lost, and records which requests have expired. Prints a report as JSON.',
  )
  .action(
    inApplication(async ({ get, verification }) => {
      const report = await get(verification.VerificationReconciler).runOnce();
      return { lines: [JSON.stringify(report)] };
    }),
  );

void runCommand(program);
