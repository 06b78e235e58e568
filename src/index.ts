export { parseKeyRing } from './crypto/index.js';
export {
  adminMigrations,
  migrations,
  protectionMigrations,
  twoFactorMigrations,
  verificationMigrations,
} from '../migrations/index.js';
export {
  type DatabaseOptions,
  dataSourceOptions,
  type MigrationOptions,
  runMigrations,
} from './database/index.js';
export {
  clientAddress,
  configureHttp,
  type HttpOptions,
  PageView,
  PagesModule,
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
