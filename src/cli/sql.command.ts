import { Command, InvalidArgumentError } from 'commander';
import { MODULE_NAMES, type ModuleName } from '../database/library-migrations.js';

/** The command `sql` without its action: its options are `MigrationsOptions`. */
export const sqlCommand = (): Command =>
  new Command('sql')
    .description(
      'print the migrations of the library as one SQL script, for a database that people migrate by hand',
    )
    .option('--schema <name>', 'the schema of the tables; without it the script uses the search_path')
    .option('--table-prefix <prefix>', 'what the names of the tables begin with (default: otp_)')
    .option('--modules <names>', `comma-separated, of ${MODULE_NAMES.join(', ')} (default: all)`, modulesOf);

function modulesOf(text: string): ModuleName[] {
  return text.split(',').map((name) => {
    const known = MODULE_NAMES.find((each) => each === name.trim());
    if (!known) throw new InvalidArgumentError(`A module is one of ${MODULE_NAMES.join(', ')}.`);
    return known;
  });
}
