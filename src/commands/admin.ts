import { Command, CommanderError } from 'commander';
import { accountCommands } from './admin/accounts.js';
import { actCommands } from './admin/acts.js';
import { lookCommands } from './admin/looks.js';
import { upkeepCommands } from './admin/upkeep.js';

/** `npm run admin -- <command>`: what administrators do, without a browser. */
const program = new Command('npm run admin --')
  .description(
    'What administrators see and do, without a browser, on the database of DATABASE_URL, or of the application that npm start runs. Whatever changes something needs a --reason and is in the audit as cli:<login name>.',
  )
  .option('--json', 'print results as JSON')
  .showHelpAfterError('(--help says how)')
  .exitOverride();

for (const command of [
  ...lookCommands(program),
  ...actCommands(program),
  ...accountCommands(program),
  ...upkeepCommands(program),
])
  program.addCommand(command);
for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])])
  command.exitOverride().showHelpAfterError('(--help says how)');

program.parseAsync().catch((error: Error) => {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; help is no error.
    process.exitCode = error.exitCode === 0 || error.code === 'commander.helpDisplayed' ? 0 : 2;
    return;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
