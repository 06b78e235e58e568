export { type DatabaseOptions, dataSourceOptions } from './data-source-options.js';
export { type LibraryDatabaseOptions } from './library-database.module.js';
export {
  migrations,
  migrationsFor,
  type MigrationsOptions,
  type ModuleName,
  printMigrations,
} from './library-migrations.js';
export {
  type Database,
  type MigrationOptions,
  pendingMigrations,
  revertLastMigration,
  runMigrations,
} from './migrate.js';
export { newestMigration } from './newest-migration.js';
export { type TableOptions } from './table-names.js';
