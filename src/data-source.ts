import { DataSource } from 'typeorm';
import { loadConfig } from './config/index.js';
import { dataSourceOptions } from './database/index.js';
import { verificationEntities } from './verification/entities/index.js';

/** Every entity of the runnable application. */
export const entities = [...verificationEntities];

/** For TypeORM's command line (`npm run migration:generate`). */
export default new DataSource(
  dataSourceOptions({ url: loadConfig().DATABASE_URL ?? missingDatabase(), entities }),
);

function missingDatabase(): never {
  throw new Error('DATABASE_URL must name the database to compare the entities with');
}
