import type { DataSourceOptions } from 'typeorm';
import { LEDGER, located, type MigrationClass, migrationsOf } from './library-migrations.js';
import { multiHost } from './multi-host.js';
import { readServers } from './servers.js';
import { RepositoryQueries } from './repository-queries.js';
import { ConnectionSettings, TransactionSettings } from './session-settings.js';
import { tableNames } from './table-names.js';

/** How to connect to Postgres. */
export interface DatabaseOptions {
  /** May name several servers, as for libpq: `postgres://user:password@one:5432,two:5432/name?target_session_attrs=read-write`. */
  url: string;
  /**
   * The schema of our tables. The connection finds tables in this schema only, whatever `search_path` the role or the
   * database has. Behind a pooler, the role has to have it as its search path.
   * @default 'public'
   */
  schema?: string;
  /**
   * What the names of the library's tables begin with.
   * @default 'otp_'
   */
  tablePrefix?: string;
  /**
   * The most connections that the pool opens.
   * @default 10
   */
  poolSize?: number;
  /**
   * How long a statement may run; 0 for no limit. Behind a pooler the client stops waiting two seconds later, but Postgres
   * goes on unless the role has a `statement_timeout` too.
   * @default 10_000
   */
  statementTimeoutMs?: number;
  /**
   * How long a statement may wait for a lock; 0 for no limit.
   * @default 0
   */
  lockTimeoutMs?: number;
  // oxlint-disable-next-line typescript/no-unsafe-function-type -- TypeORM's own type of an entity class
  entities: Function[];
  /** @default the library's migrations */
  migrations?: readonly MigrationClass[];
}

/** How much later than Postgres the client gives up a statement. */
const CLIENT_PATIENCE_MS = 2000;

/**
 * Options of the connection that the application and the migration commands use. The schema comes from migrations only.
 * @throws Error if the schema's name would need quoting rules of its own, or the URL is none
 */
export function dataSourceOptions({
  url,
  schema = 'public',
  tablePrefix,
  poolSize = 10,
  statementTimeoutMs = 10_000,
  lockTimeoutMs = 0,
  entities,
  migrations = migrationsOf(),
}: DatabaseOptions): DataSourceOptions {
  const names = tableNames({ schema, ...(tablePrefix === undefined ? {} : { tablePrefix }) });
  const settings = new ConnectionSettings({
    // `pg_temp` is named last: Postgres otherwise looks for tables there first.
    search_path: `"${schema}",pg_temp`,
    statement_timeout: statementTimeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: 15_000,
  });
  const servers = readServers(url);
  return {
    type: 'postgres',
    url: servers.url,
    schema,
    entities,
    subscribers: [TransactionSettings, RepositoryQueries],
    migrations: located(migrations, names),
    migrationsTableName: names.named(LEDGER),
    // Errors only: queries carry parameters, and those are personal data.
    logging: false,
    synchronize: false,
    // The pool replaces a connection that dies while idle. The next query fails if the database is unavailable.
    poolErrorHandler: () => undefined,
    extra: {
      application_name: 'nest-sms-otp',
      max: poolSize,
      connectionTimeoutMillis: 5000,
      query_timeout: statementTimeoutMs && statementTimeoutMs + CLIENT_PATIENCE_MS,
      keepAlive: true,
      settings,
      onConnect: settings.onConnect,
      ...(servers.hosts.length > 0 ? multiHost(servers, settings.onConnect) : {}),
    },
  };
}
