import { Command } from 'commander';
import {
  type Confirmation,
  destructive,
  printing,
  progress,
  refused,
  runCommand,
  unlessConfirmed,
} from './run-command.js';

/** The database to migrate, and what does it. Loaded only when the command line is valid. */
async function migrationParts() {
  const { loadEnvironmentFile, loadVariables } = await import('../config/index.js');
  loadEnvironmentFile();
  const { DATABASE_URL: url, DATABASE_SCHEMA: schema } = loadVariables(['DATABASE_URL', 'DATABASE_SCHEMA']);
  if (!url) throw new Error('Set DATABASE_URL, for example to postgres://user:password@host:5432/name.');
  const [database, { migrate, migrations }] = [
    await import('../database/index.js'),
    await import('../schema.js'),
  ];
  const onRetry = (error: Error) => progress(`${error.message} Trying again.`);
  return { url, options: { schema, onRetry }, ...database, migrate, migrations };
}

const run = new Command('run')
  .description('bring the schema of DATABASE_URL up to date; npm start does so for the database it brings')
  .action(
    printing(async () => {
      const { url, options, migrate } = await migrationParts();
      const names = await migrate(url, options);
      return {
        lines: names.length > 0 ? names.map((name) => `ran ${name}`) : ['The schema is up to date already.'],
      };
    }),
  );

const revert = destructive(new Command('revert'))
  .description('revert the newest migration of DATABASE_URL, which deletes the tables and columns it created')
  .action(
    printing(async (confirmation: Confirmation) => {
      const { url, options, newestMigration, revertLastMigration, migrations } = await migrationParts();
      const newest = await newestMigration(url, { schema: options.schema, migrations });
      if (!newest) return refused('There is no migration to revert.');
      const { name, losses } = newest;
      const preview = async () => ({
        lines: [`Reverting ${name} deletes:`, ...(losses.length > 0 ? losses : ['no table and no column'])],
      });
      const unconfirmed = await unlessConfirmed(confirmation, preview);
      if (unconfirmed) return unconfirmed;
      await revertLastMigration(url, { ...options, migrations });
      return { lines: [`reverted ${name}`] };
    }),
  );

for (const command of [run, revert])
  command.configureHelp({
    commandUsage: () => `npm run migration:${command.name()} -- ${command.usage()}`,
  });
const program = new Command('migrate')
  .description('Brings the schema of DATABASE_URL up to date, or reverts its newest migration.')
  .addCommand(run)
  .addCommand(revert);

void runCommand(program);
