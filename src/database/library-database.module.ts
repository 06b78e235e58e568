import { type DynamicModule, Inject, Module, type Type } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { requireImportedOnce } from '../options/imported-once.js';
import { LIBRARY_DATA_SOURCE, LibraryDataSource, type ModuleTables } from './library-data-source.js';
import { LEDGER } from './library-migrations.js';
import { pendingOf, runMigrations } from './migrate.js';
import { poolOf } from './sql.js';
import { PREPARED_STATEMENTS, StatementRunner } from './statement.js';
import { type TableNames, type TableOptions, tableNames } from './table-names.js';

/** Where the library keeps its data. Given to `VerificationModule`; the other modules use the same. */
export interface LibraryDatabaseOptions extends TableOptions {
  /**
   * The name of your TypeORM data source. The library uses its pool, and neither its entities nor its migrations.
   * @default the data source without a name
   */
  dataSource?: string;
  /**
   * A pool of `pg`, if you have no TypeORM data source. You end it yourself, after the application.
   * @default the pool of `dataSource`
   */
  pool?: Pool;
  /**
   * Prepare statements by name. Turn it off for a pooler that gives every transaction another connection.
   * @default true
   */
  preparedStatements?: boolean;
  /**
   * Run the migrations that are pending when the application starts. Otherwise it does not start without them.
   * @default false
   */
  migrationsRun?: boolean;
}

const DATABASE_OPTIONS = Symbol('LibraryDatabaseOptions');

/** The library's own data source, for all of its modules. */
@Module({})
export class LibraryDatabaseModule {
  /**
   * @param options exports the token
   * @param token options that have {@link LibraryDatabaseOptions} as `database`
   */
  static for(options: DynamicModule, token: symbol): DynamicModule {
    return {
      module: LibraryDatabaseModule,
      global: true,
      imports: [options],
      providers: [
        {
          provide: DATABASE_OPTIONS,
          inject: [token],
          useFactory: ({ database }: { database: LibraryDatabaseOptions }) => database,
        },
        {
          provide: PREPARED_STATEMENTS,
          inject: [DATABASE_OPTIONS],
          useFactory: ({ preparedStatements }: LibraryDatabaseOptions) => preparedStatements,
        },
        {
          provide: getDataSourceToken(LIBRARY_DATA_SOURCE),
          inject: [DATABASE_OPTIONS, ModuleRef, ModulesContainer],
          useFactory: openLibraryDataSource,
        },
        StatementRunner,
      ],
      exports: [getDataSourceToken(LIBRARY_DATA_SOURCE), StatementRunner],
    };
  }
}

async function openLibraryDataSource(
  options: LibraryDatabaseOptions,
  moduleRef: ModuleRef,
  modules: ModulesContainer,
): Promise<LibraryDataSource> {
  const names = tableNames(options);
  const { pool } = options;
  const poolNow = pool ? () => pool : await poolOfApplication(moduleRef, options.dataSource);
  const libraryModules = libraryModulesOf(modules);
  requireImportedOnce(libraryModules);
  const tables = tablesOf(libraryModules);
  if (options.migrationsRun) await runMigrations(poolNow(), { ...options, migrations: tables.migrations });
  const dataSource = await new LibraryDataSource(poolNow, names, tables).initialize();
  if (!options.migrationsRun) await requireMigrations(dataSource, names);
  return dataSource;
}

/** @throws Error that says what to do about pending migrations */
async function requireMigrations(dataSource: LibraryDataSource, names: TableNames): Promise<void> {
  const { length } = await pendingOf(dataSource, names);
  if (length > 0)
    throw new Error(
      `${length} ${length === 1 ? 'migration is' : 'migrations are'} pending (not in ${names.inSql(LEDGER)}): run runMigrations(…) of nest-sms-otp with the same schema and tablePrefix, or the script of printMigrations(…), or set database.migrationsRun to true`,
    );
}

/** Each of our module classes says what it keeps in the database. */
type LibraryModule = Type & { readonly tables: readonly ModuleTables[] };

/** Those of our modules that the application imports, as often as it does. */
const libraryModulesOf = (modules: ModulesContainer): LibraryModule[] =>
  [...modules.values()].map(({ metatype }) => metatype as LibraryModule).filter(({ tables }) => tables);

function tablesOf(modules: readonly LibraryModule[]): ModuleTables {
  const tables = modules.flatMap((module) => module.tables);
  return {
    entities: [...new Set(tables.flatMap(({ entities }) => entities))],
    migrations: [...new Set(tables.flatMap(({ migrations }) => migrations))],
  };
}

/** @throws Error that says what to configure, if there is no such data source */
async function poolOfApplication(moduleRef: ModuleRef, name?: string): Promise<() => Pool> {
  class Application {
    constructor(readonly dataSource: DataSource) {}
  }
  Inject(getDataSourceToken(name))(Application, undefined, 0);
  try {
    // Waits until the data source is connected; `moduleRef.get` would not.
    const { dataSource } = await moduleRef.create(Application);
    return () => poolOf(dataSource);
  } catch (error) {
    if ((error as Error).constructor.name !== 'UnknownDependenciesException') throw error;
    throw new Error(
      name === undefined
        ? 'VerificationModule needs a database: import TypeOrmModule.forRoot(…), or set `database.dataSource` to the name of a data source, or `database.pool` to a pool of pg'
        : `VerificationModule: there is no TypeORM data source named "${name}" (database.dataSource)`,
      { cause: error },
    );
  }
}
