import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { accountCommands } from './accounts.js';
import { actCommands } from './acts.js';
import { lookCommands } from './looks.js';
import { upkeepCommands } from './upkeep.js';

const DESCRIPTION =
  'What administrators see and do, without a browser, on the database of DATABASE_URL, or of the application that npm start runs. Whatever changes something needs a --reason and is in the audit as cli:<login name>.';

/**
 * Runs one command of `npm run admin` and sets the exit code of this process.
 * @param output where results and errors are written. @default stdout and stderr
 */
export async function runAdmin(args: readonly string[], output: OutputConfiguration = {}): Promise<void> {
  const program = new Command('npm run admin --')
    .description(DESCRIPTION)
    .option('--json', 'print results as JSON')
    .configureOutput(output);
  for (const command of [
    ...lookCommands(program),
    ...actCommands(program),
    ...accountCommands(program),
    ...upkeepCommands(program),
  ])
    program.addCommand(command);
  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])])
    command.exitOverride().showHelpAfterError('(--help says how)').configureOutput(output);

  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed what is wrong. Asking for help is not an error.
      process.exitCode = error.exitCode === 0 || error.code === 'commander.helpDisplayed' ? 0 : 2;
      return;
    }
    program.configureOutput().writeErr!(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
