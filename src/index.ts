export { parseKeyRing } from './crypto/index.js';
export { type Diagnostic, DIAGNOSTICS_CHANNEL, onDiagnostic } from './diagnostics/index.js';
export {
  type Database,
  type DatabaseOptions,
  dataSourceOptions,
  type LibraryDatabaseOptions,
  type MigrationOptions,
  migrations,
  migrationsFor,
  type MigrationsOptions,
  type ModuleName,
  printMigrations,
  runMigrations,
} from './database/index.js';
export {
  type BrandOptions,
  clientAddress,
  type HttpOptions,
  MountedPaths,
  type MountOptions,
  PageView,
  type PagesOptions,
  Problem,
  ProblemFilter,
  SharedThrottlerStorage,
  ViewRenderer,
} from './http/index.js';
export * from './verification/index.js';
export * from './two-factor/index.js';
export * from './protection/index.js';
export * from './admin/index.js';
