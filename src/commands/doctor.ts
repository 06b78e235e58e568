import { Command } from 'commander';
import { EXIT, printing, runCommand } from './run-command.js';

const program = new Command('npm run doctor --')
  .description(
    'Checks the configuration, the database with its role, migrations and keys, the clocks, Redis, Vonage, the webhook, the file of events, the mail server, and the proxy in front, and says what is wrong and what to do. Changes nothing, and prints no secrets. Exits with 1 when something is wrong.',
  )
  .option('--json', 'print the findings as JSON')
  .action(
    printing(async () => {
      const { loadEnvironmentFile } = await import('../config/index.js');
      const { diagnose } = await import('./doctor/diagnose.js');
      loadEnvironmentFile();
      const findings = await diagnose();
      return {
        result: findings,
        lines: findings.map(({ check, state, message, advice }) => {
          const sentence = `${state.padEnd(8)} ${check}: ${message}`;
          return advice ? `${sentence.replace(/\.$/, '')}. ${advice}` : sentence;
        }),
        exitCode: findings.some(({ state }) => state === 'wrong') ? EXIT.failed : EXIT.done,
      };
    }),
  );

void runCommand(program);
