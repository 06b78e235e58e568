import { DataSource } from 'typeorm';
import { dataSourceOptions, revertLastMigration, runMigrations } from '../src/database/index.js';
import { entities } from '../src/entities.js';
import { createEmptyDatabase, type TestDatabase } from './support/database.js';

describe('the schema comes from the migrations', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(() => database.drop());

  it('and does not drift from the entities', async () => {
    await runMigrations(database.url);
    const dataSource = await new DataSource(dataSourceOptions({ url: database.url, entities })).initialize();
    try {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('is made once when several instances start at once', async () => {
    const ran = await Promise.all(Array.from({ length: 6 }, () => runMigrations(database.url)));
    expect(ran.filter((names) => names.length > 0)).toHaveLength(1);
  });

  it('can be taken back and made again', async () => {
    const ran = await runMigrations(database.url);
    for (let i = 0; i < ran.length; i += 1) await revertLastMigration(database.url);
    expect(await runMigrations(database.url)).toEqual(ran);
  });
});
