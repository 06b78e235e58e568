export { dataSourceOptions } from './data-source-options.js';
export { pendingMigrations, revertLastMigration, runMigrations } from './migrate.js';
export { migrations } from './migrations/index.js';
