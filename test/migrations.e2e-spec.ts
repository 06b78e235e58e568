import { DataSource } from 'typeorm';
import { dataSourceOptions, revertLastMigration } from '../src/database/index.js';
import { entities, migrate, migrations } from '../src/schema.js';
import { createEmptyDatabase, type TestDatabase } from './support/database.js';

describe('the schema comes from the migrations', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(() => database.drop());

  it('and does not drift from the entities', async () => {
    await migrate(database.url);
    const dataSource = await new DataSource(dataSourceOptions({ url: database.url, entities })).initialize();
    try {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('is made once when several instances start at once', async () => {
    const ran = await Promise.all(Array.from({ length: 6 }, () => migrate(database.url)));
    expect(ran.filter((names) => names.length > 0)).toHaveLength(1);
  });

  it('can be taken back and made again', async () => {
    const ran = await migrate(database.url);
    for (let i = 0; i < ran.length; i += 1) await revertLastMigration(database.url, { migrations });
    expect(await migrate(database.url)).toEqual(ran);
  });
});
