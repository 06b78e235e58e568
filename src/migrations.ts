export {
  type Database,
  type MigrationOptions,
  migrations,
  migrationsFor,
  type MigrationsOptions,
  type ModuleName,
  pendingMigrations,
  printMigrations,
  revertLastMigration,
  runMigrations,
} from './database/index.js';
