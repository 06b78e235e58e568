import { hostMigrations } from '../migrations/host/index.js';
import { migrations as libraryMigrations } from '../migrations/index.js';
import { adminEntities } from './admin/index.js';
import { type MigrationOptions, pendingMigrations, runMigrations } from './database/index.js';
import { User } from './host/index.js';
import { twoFactorEntities } from './two-factor/index.js';
import { verificationEntities } from './verification/entities/index.js';

/** Every entity of the runnable application: the library's and the reference host's. */
export const entities = [...verificationEntities, ...twoFactorEntities, ...adminEntities, User];

/** Every migration of the runnable application, in order. */
export const migrations = [...libraryMigrations, ...hostMigrations];

/** Brings the schema up to date; see {@link runMigrations}. */
export const migrate = (
  databaseUrl: string,
  options: Omit<MigrationOptions, 'migrations'> = {},
): Promise<string[]> => runMigrations(databaseUrl, { ...options, migrations });

/** @throws Error that says which migrations are missing, and what to do */
export async function requireSchema(databaseUrl: string, schema?: string): Promise<void> {
  const pending = await pendingMigrations(databaseUrl, { migrations, ...(schema ? { schema } : {}) });
  if (pending.length > 0) {
    throw new Error(`The database of DATABASE_URL lacks ${pending.join(', ')}. Run: npm run migration:run`);
  }
}
