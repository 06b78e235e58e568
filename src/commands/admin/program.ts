import { Command, type OutputConfiguration } from 'commander';
import { runCommand } from '../run-command.js';
import { deadLetterCommands } from './dead-letter-commands.js';
import { readCommands } from './read-commands.js';
import { upkeepCommands } from './upkeep-commands.js';
import { writeCommands } from './write-commands.js';

const DESCRIPTION =
  'What administrators see and do, without a browser, on the database of DATABASE_URL, or of the application that npm start runs. Whatever changes something needs a --reason and is in the audit as cli:<login name>. What loses data needs --yes too.';

/**
 * Runs one command of `npm run admin` and sets the exit code of this process.
 * @param output where results and errors are written. @default stdout and stderr
 */
export function runAdmin(args: readonly string[], output: OutputConfiguration = {}): Promise<void> {
  const program = new Command('npm run admin --')
    .description(DESCRIPTION)
    .option('--json', 'print results as JSON');
  for (const command of [...readCommands(), ...writeCommands(), ...deadLetterCommands(), ...upkeepCommands()])
    program.addCommand(command);
  return runCommand(program, args, output);
}
