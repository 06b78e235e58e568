import { Command } from 'commander';
import type { MigrationsOptions } from '../database/index.js';
import { sqlCommand } from '../cli/sql.command.js';
import {
  type Confirmation,
  destructive,
  printing,
  progress,
  refused,
  runCommand,
  unlessConfirmed,
} from './run-command.js';

/** Where the configuration has the tables. Loaded only when the command line is valid. */
async function configured() {
  const { loadEnvironmentFile, loadVariables } = await import('../config/index.js');
  loadEnvironmentFile();
  const variables = loadVariables(['DATABASE_URL', 'DATABASE_SCHEMA', 'DATABASE_TABLE_PREFIX']);
  const { tablesOf } = await import('../schema.js');
  return { url: variables.DATABASE_URL, tables: tablesOf(variables) };
}

function required(url: string | undefined): string {
  if (!url) throw new Error('Set DATABASE_URL, for example to postgres://user:password@host:5432/name.');
  return url;
}

/** The database to migrate, and what does it. */
async function migrationParts() {
  const { url, tables } = await configured();
  const [database, { migrate, migrations }] = [
    await import('../database/index.js'),
    await import('../schema.js'),
  ];
  const onRetry = (error: Error) => progress(`${error.message} Trying again.`);
  return { url: required(url), options: { ...tables, onRetry }, ...database, migrate, migrations };
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
      const newest = await newestMigration(url, { ...options, migrations });
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

const sql = sqlCommand()
  .option('--pending', 'only what the database of DATABASE_URL lacks')
  .action(
    printing(async ({ pending, ...given }: MigrationsOptions & { pending?: true }) => {
      const { pendingMigrations, printMigrations } = await import('../database/index.js');
      const { url, tables } = await configured();
      const options = { ...tables, ...given };
      const only = pending && (await pendingMigrations(required(url), options));
      return { lines: [await printMigrations(options, only)] };
    }),
  );

for (const command of [run, revert, sql])
  command.configureHelp({
    commandUsage: () => `npm run migration:${command.name()} -- ${command.usage()}`,
  });
const program = new Command('migrate')
  .description(
    'Brings the schema of DATABASE_URL up to date, reverts its newest migration, or prints all as SQL.',
  )
  .addCommand(run)
  .addCommand(revert)
  .addCommand(sql);

void runCommand(program);
