import type { DataSourceOptions } from 'typeorm';
import { migrations as libraryMigrations } from '../../migrations/index.js';

export const MIGRATIONS_TABLE = 'schema_migrations';

/** Classes, in order. */
export type MigrationList = NonNullable<Extract<DataSourceOptions['migrations'], unknown[]>>;

export interface DatabaseOptions {
  url: string;
  /** Connections kept at most. */
  poolSize?: number;
  /** 0 for none; 10 s unless told. */
  statementTimeoutMs?: number;
  // oxlint-disable-next-line typescript/no-unsafe-function-type -- TypeORM's own type of an entity class
  entities: Function[];
  /** The library's unless told. */
  migrations?: MigrationList;
}

/** What the application and the migration commands share. The schema comes from migrations only. */
export function dataSourceOptions({
  url,
  poolSize = 10,
  statementTimeoutMs = 10_000,
  entities,
  migrations = libraryMigrations,
}: DatabaseOptions): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities,
    migrations: [...migrations],
    migrationsTableName: MIGRATIONS_TABLE,
    // Errors only: queries carry parameters, and those are personal data.
    logging: false,
    synchronize: false,
    // A connection that dies while idle is replaced by the pool; the next query tells if the database is away.
    poolErrorHandler: () => undefined,
    extra: {
      application_name: 'nest-sms-otp',
      max: poolSize,
      connectionTimeoutMillis: 5000,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: 15_000,
      keepAlive: true,
    },
  };
}
