import { join } from 'node:path';
import { DataSource } from 'typeorm';
import type { Config } from '../../config/index.js';
import { KeyCanary, PersonalDataCipher } from '../../crypto/index.js';
import { connectionProblem } from '../../database/connection-problem.js';
import { findEmbeddedPostgres } from '../../database/embedded-postgres/index.js';
import { dataSourceOptions } from '../../database/index.js';
import type { LibraryDataSource } from '../../database/library-data-source.js';
import { pendingOf } from '../../database/migrate.js';
import { poolerWarning } from '../../database/pooler.js';
import { poolOf } from '../../database/sql.js';
import { tableNames } from '../../database/table-names.js';
import { migrations, tablesOf } from '../../schema.js';
import { describeFailure } from '../../diagnostics/index.js';
import { clockFinding, type Finding, ok, warning, wrong } from './finding.js';
import type { Known } from './check-configuration.js';
import { checkRights } from './check-rights.js';

const OLDEST_VERSION = 150_000;
const CHECK = 'database';

/** Whether the database can be reached, written and trusted. Writes nothing. */
export async function checkDatabase({ config, variables }: Known): Promise<Finding[]> {
  const url = variables.DATABASE_URL ?? embeddedDatabase(variables);
  if (!url)
    return [
      warning(
        CHECK,
        'DATABASE_URL is not set, and the application that brings its own database does not run',
        'Set DATABASE_URL, or run this beside npm start.',
      ),
    ];
  const tables = tablesOf(variables as Config);
  const dataSource = new DataSource(
    dataSourceOptions({ url, ...tables, poolSize: 1, entities: [], migrations }),
  );
  try {
    await dataSource.initialize();
  } catch (error) {
    const advice =
      'Check DATABASE_URL, the network and whether Postgres runs. docs/operations.md explains TLS.';
    return [wrong(CHECK, connectionProblem(error, url), advice)];
  }
  try {
    return [
      ...(await checkServer(dataSource)),
      await checkClock(dataSource),
      await checkMigrations(dataSource, tables),
      ...(await checkRights(dataSource, tables, variables.RETENTION !== null)),
      ...(await checkPooler(dataSource)),
      ...(config ? [await checkKeys(dataSource, config)] : []),
    ];
  } catch (error) {
    const { cause, error: message, code } = describeFailure(error);
    return [wrong(CHECK, cause ?? message ?? `it failed with ${code}`, 'The log of Postgres says more.')];
  } finally {
    await dataSource.destroy();
  }
}

const embeddedDatabase = ({ DATA_DIRECTORY }: Known['variables']): string | null =>
  DATA_DIRECTORY ? findEmbeddedPostgres(join(DATA_DIRECTORY, 'postgres')) : null;

async function checkServer(dataSource: DataSource): Promise<Finding[]> {
  const [server] = await dataSource.query<
    {
      version: number;
      name: string;
      readOnly: string;
      isStandby: boolean;
      isEncrypted: boolean | null;
      isLocal: boolean;
    }[]
  >(SERVER);
  const { version, name, readOnly, isStandby, isEncrypted, isLocal } = server!;
  return [
    version >= OLDEST_VERSION
      ? ok(CHECK, `Postgres ${name} answers`)
      : wrong(CHECK, `Postgres ${name} is too old`, 'Postgres 15 or newer is needed.'),
    isStandby
      ? wrong(
          'database writes',
          'this server is a standby, which takes no writes',
          'Name the primary, or all servers with target_session_attrs=read-write.',
        )
      : readOnly === 'on'
        ? wrong(
            'database writes',
            'the database is read-only',
            'Look at default_transaction_read_only of the server, the database and the role.',
          )
        : ok('database writes', 'it takes writes'),
    isEncrypted || isLocal
      ? ok('database TLS', isEncrypted ? 'the connection is encrypted' : 'the database is on this machine')
      : warning(
          'database TLS',
          'the connection is not encrypted',
          'Add ?sslmode=verify-full&sslrootcert=<file> to DATABASE_URL.',
        ),
  ];
}

async function checkClock(dataSource: DataSource): Promise<Finding> {
  const askedAt = Date.now();
  const began = performance.now();
  const [row] = await dataSource.query<{ ms: number }[]>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  );
  const roundTrip = (performance.now() - began) / 1000;
  return clockFinding('database clock', (askedAt - row!.ms) / 1000, roundTrip);
}

async function checkMigrations(
  dataSource: DataSource,
  tables: ReturnType<typeof tablesOf>,
): Promise<Finding> {
  const pending = await pendingOf(dataSource, tableNames(tables));
  return pending.length === 0
    ? ok('migrations', 'the schema is up to date')
    : wrong(
        'migrations',
        `the schema lacks ${pending.length === 1 ? pending[0]! : `${pending.length} migrations`}`,
        'Run npm run migration:run as the owner of the tables.',
      );
}

async function checkPooler(dataSource: DataSource): Promise<Finding[]> {
  const advice = await poolerWarning(dataSource);
  return advice ? [warning('database pooler', advice)] : [];
}

async function checkKeys(dataSource: DataSource, config: Config): Promise<Finding> {
  const canary = new KeyCanary(
    { names: tableNames(tablesOf(config)), pool: poolOf(dataSource) } as LibraryDataSource,
    new PersonalDataCipher(config.keys),
  );
  try {
    const problems = await canary.problems();
    return problems.length === 0
      ? ok('keys', 'they open what is stored')
      : wrong(
          'keys',
          problems.join('; '),
          'Put the key back into its ring. docs/operations.md: replacing keys.',
        );
  } catch (error) {
    return wrong('keys', `they cannot be compared: ${describeFailure(error).cause ?? 'it failed'}`);
  }
}

const SERVER = `
  SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
         current_setting('transaction_read_only') AS "readOnly", pg_is_in_recovery() AS "isStandby",
         (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS "isEncrypted",
         coalesce(inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1', true) AS "isLocal"`;
