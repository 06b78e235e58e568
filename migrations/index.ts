import { adminMigrations } from './admin/index.js';
import { protectionMigrations } from './protection/index.js';
import { twoFactorMigrations } from './two-factor/index.js';
import { verificationMigrations } from './verification/index.js';

export { adminMigrations } from './admin/index.js';
export { protectionMigrations } from './protection/index.js';
export { twoFactorMigrations } from './two-factor/index.js';
export { verificationMigrations } from './verification/index.js';

/** Every table of the library, in order. A list and not a glob, so that bundlers and type checkers see the classes. */
export const migrations = [
  ...verificationMigrations,
  ...protectionMigrations,
  ...twoFactorMigrations,
  ...adminMigrations,
];
