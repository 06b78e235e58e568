import { existsSync } from 'node:fs';
import { revertLastMigration } from '../database/index.js';
import { migrate, migrations } from '../schema.js';

const USAGE = `Usage: npm run migration:run | migration:revert

migration:run brings the schema of DATABASE_URL up to date; migration:revert takes the newest migration back.
npm start migrates the embedded database itself.
`;

/** `node migrate.js run|revert`. */
async function main(command?: string, ...rest: string[]): Promise<number> {
  if ([command, ...rest].some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (existsSync('.env')) process.loadEnvFile('.env');
  const url = process.env['DATABASE_URL'];
  if (!url || rest.length > 0 || (command !== 'run' && command !== 'revert')) {
    process.stderr.write(
      url
        ? USAGE
        : `DATABASE_URL must be set, for example postgres://user:password@host:5432/name\n\n${USAGE}`,
    );
    return 1;
  }
  const schema = process.env['DATABASE_SCHEMA'];
  const options = {
    ...(schema ? { schema } : {}),
    onRetry: (error: Error) => void process.stderr.write(`${error.message} Trying again.\n`),
  };
  if (command === 'revert') {
    await revertLastMigration(url, { ...options, migrations });
    process.stdout.write('The newest migration is taken back.\n');
    return 0;
  }
  const names = await migrate(url, options);
  process.stdout.write(
    names.length > 0
      ? names.map((name) => `ran ${name}\n`).join('')
      : 'Nothing to do: the schema is up to date.\n',
  );
  return 0;
}

main(...process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`The migration failed: ${error.message}\n`);
    process.exit(1);
  },
);
