import type { Pool } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { nameOfSql, observed } from '../diagnostics/index.js';
import { LibraryDataSource } from './library-data-source.js';
import { withoutReport } from './repository-queries.js';

/** The pool of a data source, for what TypeORM's `query` has no words for: named statements, a session store. */
export const poolOf = (dataSource: DataSource): Pool =>
  dataSource instanceof LibraryDataSource
    ? dataSource.pool
    : (dataSource.driver as unknown as { master: Pool }).master;

/** SQL that is written with `otp_`, with the names that our tables have in this database. */
const sqlFor = (dataSource: DataSource, text: string): string =>
  dataSource instanceof LibraryDataSource ? dataSource.names.inSql(text) : text;

/** Runs one statement on the pool of a data source. @returns its rows, of whatever kind it is (TypeORM's `query` differs by kind) */
export async function rowsOf<Row>(
  dataSource: DataSource,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const { rows } = await observed(nameOfSql(text), () =>
    poolOf(dataSource).query(sqlFor(dataSource, text), values),
  );
  return rows as Row[];
}

/** The same within a transaction. */
export async function rowsIn<Row>(
  { queryRunner }: EntityManager,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const { manager } = queryRunner!;
  const { records } = await observed(nameOfSql(text), () =>
    withoutReport(queryRunner!, () => queryRunner!.query(sqlFor(manager.connection, text), values, true)),
  );
  return records as Row[];
}
