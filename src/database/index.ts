export { type DatabaseOptions, dataSourceOptions } from './data-source-options.js';
export { pendingMigrations, revertLastMigration, runMigrations } from './migrate.js';
export { PersonalDataCipher } from './personal-data-cipher.js';
