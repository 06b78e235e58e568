import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import pg, { type Pool, type PoolClient } from 'pg';
import { DataSource, DefaultNamingStrategy } from 'typeorm';
import { LEDGER, located, type MigrationClass } from './library-migrations.js';
import { RepositoryQueries } from './repository-queries.js';
import { type SettingsOfTransactions, TransactionSettings } from './session-settings.js';
import type { TableNames } from './table-names.js';

/** The name of the library's own data source among those of the application. */
export const LIBRARY_DATA_SOURCE = 'nest-sms-otp';

/** Injects the library's own data source. */
export const InjectLibraryDataSource = () => InjectDataSource(LIBRARY_DATA_SOURCE);

/** Injects a repository of the library's own data source. */
export const InjectLibraryRepository = (entity: ModuleTables['entities'][number]) =>
  InjectRepository(entity as Parameters<typeof InjectRepository>[0], LIBRARY_DATA_SOURCE);

/** What a module of the library keeps in the database. */
export interface ModuleTables {
  // oxlint-disable-next-line typescript/no-unsafe-function-type -- TypeORM's own type of an entity class
  readonly entities: readonly Function[];
  /** As they are written: with `otp_`, and without a schema. */
  readonly migrations: readonly MigrationClass[];
}

/**
 * The library's own TypeORM data source, over the pool of the application. So the application needs none of our entities,
 * and its schema builder does not see our tables.
 */
export class LibraryDataSource extends DataSource {
  constructor(
    /** Returns the application's pool: another one after the application has connected again. */
    private readonly poolNow: () => Pool,
    readonly names: TableNames,
    { entities, migrations }: ModuleTables,
    settings = (poolNow().options as { settings?: SettingsOfTransactions }).settings,
  ) {
    super({
      name: LIBRARY_DATA_SOURCE,
      type: 'postgres',
      driver: sharing(poolNow),
      entities: [...entities],
      migrations: located(migrations, names),
      migrationsTableName: names.named(LEDGER),
      subscribers: [TransactionSettings, RepositoryQueries],
      namingStrategy: new PrefixedNames(names),
      ...(names.schema === null ? {} : { schema: names.schema }),
      extra: { settings },
      synchronize: false,
      // TypeORM would create "uuid-ossp", which we do not use.
      installExtensions: false,
      logging: false,
      migrationsRun: false,
    } as ConstructorParameters<typeof DataSource>[0]);
  }

  /** The application's pool. The application ends it. */
  get pool(): Pool {
    return this.poolNow();
  }

  override async initialize(): Promise<this> {
    await super.initialize();
    // Names that are given in an entity do not pass through the naming strategy.
    for (const { columns, indices, checks } of this.entityMetadatas) {
      for (const column of columns) {
        if (column.primaryKeyConstraintName)
          column.primaryKeyConstraintName = this.names.named(column.primaryKeyConstraintName);
      }
      for (const each of [...indices, ...checks]) each.name = this.names.named(each.name);
    }
    return this;
  }
}

/** Gives the tables of entities the prefix of the database. */
class PrefixedNames extends DefaultNamingStrategy {
  constructor(private readonly names: TableNames) {
    super();
  }

  override tableName(targetName: string, userSpecifiedName: string | undefined): string {
    return this.names.named(super.tableName(targetName, userSpecifiedName));
  }
}

/** What TypeORM takes for the package `pg`: its pools are all the given one, which stays open when TypeORM ends it. */
function sharing(poolNow: () => Pool): unknown {
  const shared = {
    connect: (use: (error: Error | undefined, client: PoolClient | undefined, release: () => void) => void) =>
      poolNow().connect(use),
    // The application listens to the errors of its pool.
    on: () => shared,
    end: (done: () => void) => done(),
  };
  return {
    defaults: pg.defaults,
    Pool: class {
      constructor() {
        return shared;
      }
    },
  };
}
