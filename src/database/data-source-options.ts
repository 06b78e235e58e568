import type { DataSourceOptions } from 'typeorm';
import { migrations as libraryMigrations } from '../../migrations/index.js';

export const MIGRATIONS_TABLE = 'schema_migrations';

/** Migration classes, in order. */
export type MigrationList = NonNullable<Extract<DataSourceOptions['migrations'], unknown[]>>;

/** How to connect to Postgres. */
export interface DatabaseOptions {
  url: string;
  /**
   * The schema of our tables. The connection finds tables in this schema only, whatever `search_path` the role or the
   * database has.
   * @default 'public'
   */
  schema?: string;
  /**
   * The most connections that the pool opens.
   * @default 10
   */
  poolSize?: number;
  /**
   * How long a statement may run; 0 for no limit.
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
  migrations?: MigrationList;
}

/** Options of the connection that the application and the migration commands use. The schema comes from migrations only. */
export function dataSourceOptions({
  url,
  schema = 'public',
  poolSize = 10,
  statementTimeoutMs = 10_000,
  lockTimeoutMs = 0,
  entities,
  migrations = libraryMigrations,
}: DatabaseOptions): DataSourceOptions {
  const connection = withSearchPath(url, schema);
  return {
    type: 'postgres',
    url: connection.url,
    schema,
    entities,
    migrations: [...migrations],
    migrationsTableName: MIGRATIONS_TABLE,
    // Errors only: queries carry parameters, and those are personal data.
    logging: false,
    synchronize: false,
    // The pool replaces a connection that dies while idle. The next query fails if the database is unavailable.
    poolErrorHandler: () => undefined,
    extra: {
      application_name: 'nest-sms-otp',
      max: poolSize,
      connectionTimeoutMillis: 5000,
      statement_timeout: statementTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: 15_000,
      keepAlive: true,
      options: connection.options,
    },
  };
}

/**
 * Sets `search_path` when the connection starts, which outranks the settings of the role and the database. `pg_temp` is
 * named last: Postgres otherwise looks for tables there first.
 * @throws Error if the schema's name would need quoting rules of its own
 */
function withSearchPath(url: string, schema: string): { url: string; options: string } {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new Error(
      `The schema's name must be lower-case letters, digits and "_", at most 63, and begin with a letter or "_".`,
    );
  const searchPath = `-c search_path="${schema}",pg_temp`;
  if (!/[?&]options=/.test(url)) return { url, options: searchPath };
  // pg prefers the URL's own options to ours: they are moved here. The last setting wins.
  const rest = new URL(url);
  const given = rest.searchParams.get('options') ?? '';
  rest.searchParams.delete('options');
  return { url: rest.href, options: `${given} ${searchPath}` };
}
