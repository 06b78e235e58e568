#!/usr/bin/env node
import { Command } from 'commander';
import type { MigrationsOptions } from '../database/index.js';
import { InitError } from './init/init-error.js';
import { init } from './init/init.js';
import { sqlCommand } from './sql.command.js';

const program = new Command('nest-sms-otp').description(
  'SMS codes and two-factor sign-in for Nest applications.',
);
program
  .command('init')
  .description(
    'add the modules, the migrations and the environment variables to the Nest application in this folder',
  )
  .option('--module <file>', 'the module that imports ours', 'src/app.module.ts')
  .option('--brand <name>', 'what the messages call your service (default: the name in package.json)')
  .option('--dry-run', 'only show what would change')
  .option('-y, --yes', 'write without asking')
  .addHelpText(
    'after',
    '\nIt shows what would change, and asks before it writes. An application that has our modules stays as it is.',
  )
  .action(init);
program.addCommand(
  sqlCommand().action(async (options: MigrationsOptions) => {
    const { printMigrations } = await import('../database/index.js');
    process.stdout.write(`${await printMigrations(options)}\n`);
  }),
);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof InitError || error instanceof RangeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
