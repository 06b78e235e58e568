import { DataSource, type QueryRunner } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';
import { LEDGER } from './library-migrations.js';
import type { MigrationOptions } from './migrate.js';
import { tableNames } from './table-names.js';

/** The migration that would be reverted next. */
export interface NewestMigration {
  name: string;
  /** Each table and each column that reverting it deletes, such as `table host_users with 12 rows`. */
  losses: string[];
}

/**
 * Looks up the newest migration of a database, and what reverting it would delete: reverts it in a transaction that is
 * rolled back, so its locks are held for a moment.
 * @returns null when there is no migration to revert
 * @throws Error when this version does not know the migration
 */
export async function newestMigration(
  url: string,
  { migrations, schema = 'public', tablePrefix, lockTimeoutMs = 2000 }: MigrationOptions = {},
): Promise<NewestMigration | null> {
  const dataSource = await new DataSource(
    dataSourceOptions({
      url,
      entities: [],
      schema,
      poolSize: 1,
      // Counting a large table takes long.
      statementTimeoutMs: 0,
      lockTimeoutMs,
      ...(migrations ? { migrations } : {}),
      ...(tablePrefix === undefined ? {} : { tablePrefix }),
    }),
  ).initialize();
  const runner = dataSource.createQueryRunner();
  try {
    const table = tableNames({ schema, ...(tablePrefix === undefined ? {} : { tablePrefix }) }).inSql(LEDGER);
    const [{ exists }] = await runner.query(`SELECT to_regclass($1) IS NOT NULL AS exists`, [table]);
    if (!exists) return null;
    const [newest] = await runner.query(`SELECT name FROM ${table} ORDER BY id DESC LIMIT 1`);
    if (!newest) return null;
    const migration = dataSource.migrations.find(({ name }) => name === newest.name);
    if (!migration) throw new Error(`This version does not know the newest migration, ${newest.name}.`);
    const before = await columnsOf(runner, schema);
    await runner.startTransaction();
    await migration.down(runner);
    const after = await columnsOf(runner, schema);
    await runner.rollbackTransaction();
    return { name: newest.name, losses: await describeLosses(runner, before, after) };
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await runner.release();
    await dataSource.destroy();
  }
}

/** The columns of each table. */
async function columnsOf(runner: QueryRunner, schema: string): Promise<Map<string, string[]>> {
  const rows = (await runner.query(
    `SELECT table_name AS table, array_agg(column_name::text ORDER BY ordinal_position) AS columns
       FROM information_schema.columns WHERE table_schema = $1 GROUP BY table_name ORDER BY table_name`,
    [schema],
  )) as { table: string; columns: string[] }[];
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

async function describeLosses(
  runner: QueryRunner,
  before: Map<string, string[]>,
  after: Map<string, string[]>,
): Promise<string[]> {
  const losses: string[] = [];
  for (const [table, columns] of before) {
    const left = after.get(table);
    if (left) {
      losses.push(
        ...columns.filter((each) => !left.includes(each)).map((each) => `column ${each} of table ${table}`),
      );
      continue;
    }
    const [{ count }] = (await runner.query(`SELECT count(*)::int AS count FROM "${table}"`)) as [
      { count: number },
    ];
    losses.push(`table ${table} with ${count} ${count === 1 ? 'row' : 'rows'}`);
  }
  return losses;
}
