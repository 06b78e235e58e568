import type { Pool } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';

/** Runs one statement on TypeORM's own pool. @returns its rows, of whatever kind it is (TypeORM's `query` differs by kind) */
export async function rowsOf<Row>(
  dataSource: DataSource,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const pool = (dataSource.driver as unknown as { master: Pool }).master;
  return (await pool.query(text, values)).rows as Row[];
}

/** The same within a transaction. */
export async function rowsIn<Row>(
  { queryRunner }: EntityManager,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return (await queryRunner!.query(text, values, true)).records as Row[];
}
