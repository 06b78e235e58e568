export { type DatabaseOptions, dataSourceOptions } from './data-source-options.js';
export { type MigrationOptions, pendingMigrations, revertLastMigration, runMigrations } from './migrate.js';
export { newestMigration } from './newest-migration.js';
