import { DataSource } from 'typeorm';
import { loadConfig } from './config/index.js';
import { dataSourceOptions } from './database/index.js';
import { entities, migrations } from './schema.js';

const config = loadConfig();

/** For TypeORM's command line (`npm run migration:generate`): compares the entities with the database of DATABASE_URL. */
export default new DataSource(
  dataSourceOptions({
    url: config.DATABASE_URL ?? missingDatabase(),
    schema: config.DATABASE_SCHEMA,
    entities,
    migrations,
  }),
);

function missingDatabase(): never {
  throw new Error('Set DATABASE_URL to a migrated database to compare the entities with.');
}
