import type { DataSource } from 'typeorm';

/** What a data source would change in the database. */
export const drift = async (dataSource: DataSource) =>
  (await dataSource.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
