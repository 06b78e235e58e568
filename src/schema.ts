import { hostMigrations } from '../migrations/host/index.js';
import { migrations as libraryMigrations } from '../migrations/index.js';
import { adminEntities } from './admin/index.js';
import type { Config } from './config/index.js';
import {
  type MigrationOptions,
  pendingMigrations,
  runMigrations,
  type TableOptions,
} from './database/index.js';
import { User } from './host/index.js';
import { twoFactorEntities } from './two-factor/index.js';
import { protectionEntities, verificationEntities } from './verification/entities/index.js';

/** Every entity of the runnable application: the library's and the reference host's. */
export const entities = [
  ...verificationEntities,
  ...protectionEntities,
  ...twoFactorEntities,
  ...adminEntities,
  User,
];

/** Every migration of the runnable application, in order. */
export const migrations = [...libraryMigrations, ...hostMigrations];

/** Where the configuration has the tables. In `public`, which the connection's search path is then, statements name no schema. */
export const tablesOf = (config: Pick<Config, 'DATABASE_SCHEMA' | 'DATABASE_TABLE_PREFIX'>) => ({
  ...(config.DATABASE_SCHEMA === 'public' ? {} : { schema: config.DATABASE_SCHEMA }),
  tablePrefix: config.DATABASE_TABLE_PREFIX,
});

/** Brings the schema up to date; see {@link runMigrations}. */
export const migrate = (
  databaseUrl: string,
  options: Omit<MigrationOptions, 'migrations'> = {},
): Promise<string[]> => runMigrations(databaseUrl, { ...options, migrations });

/** @throws Error that says which migrations are missing, and what to do */
export async function requireSchema(databaseUrl: string, tables: TableOptions = {}): Promise<void> {
  const pending = await pendingMigrations(databaseUrl, { ...tables, migrations });
  if (pending.length > 0) {
    throw new Error(`The database of DATABASE_URL lacks ${pending.join(', ')}. Run: npm run migration:run`);
  }
}
