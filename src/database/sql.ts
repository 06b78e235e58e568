import type { Pool } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** TypeORM's own pool, for what its `query` has no words for: named statements, a session store. */
export const poolOf = (dataSource: DataSource): Pool =>
  (dataSource.driver as unknown as { master: Pool }).master;

/** Runs one statement on TypeORM's own pool. @returns its rows, of whatever kind it is (TypeORM's `query` differs by kind) */
export async function rowsOf<Row>(
  dataSource: DataSource,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return (await poolOf(dataSource).query(text, values)).rows as Row[];
}

/** The same within a transaction. */
export async function rowsIn<Row>(
  { queryRunner }: EntityManager,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return (await queryRunner!.query(text, values, true)).records as Row[];
}
