import { DataSource, type QueryRunner } from 'typeorm';
import { type DatabaseOptions, dataSourceOptions, MIGRATIONS_TABLE } from './data-source-options.js';

/** The migration that would be reverted next. */
export interface NewestMigration {
  name: string;
  /** What reverting it deletes, a line each, such as `table host_users with 12 rows`. */
  losses: string[];
}

/**
 * Looks up the newest migration of a database. Changes nothing.
 * @returns null when there is no migration to revert
 * @throws Error when this version does not know the migration
 */
export async function newestMigration(
  url: string,
  options: Pick<DatabaseOptions, 'migrations' | 'schema'>,
): Promise<NewestMigration | null> {
  // No statement timeout: counting a large table takes long.
  const dataSource = await new DataSource(
    dataSourceOptions({ url, ...options, entities: [], poolSize: 1, statementTimeoutMs: 0 }),
  ).initialize();
  try {
    const [{ exists }] = await dataSource.query<[{ exists: boolean }]>(
      `SELECT to_regclass('${MIGRATIONS_TABLE}') IS NOT NULL AS exists`,
    );
    if (!exists) return null;
    const [row] = await dataSource.query<{ name: string }[]>(
      `SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id DESC LIMIT 1`,
    );
    if (!row) return null;
    const migration = dataSource.migrations.find(({ name }) => name === row.name);
    if (!migration) throw new Error(`This version does not know the newest migration, ${row.name}.`);
    const statements: string[] = [];
    const recorder = { query: async (sql: string) => void statements.push(sql) };
    await migration.down(recorder as unknown as QueryRunner);
    const losses = [];
    for (const { what, from, where } of statements.flatMap(deletionsOf)) {
      const [{ count }] = await dataSource.query<[{ count: string }]>(
        `SELECT count(*) AS count FROM ${from} ${where}`,
      );
      losses.push(`${what} with ${count} ${count === '1' ? 'row' : 'rows'}`);
    }
    return { name: row.name, losses };
  } finally {
    await dataSource.destroy();
  }
}

/** Tables that a statement drops or empties, and columns that it drops. */
function deletionsOf(statement: string): { what: string; from: string; where: string }[] {
  const sql = statement.replace(/--.*$/gm, '').replace(/\s+/g, ' ').trim();
  const [, tables] =
    /^(?:DROP TABLE(?: IF EXISTS)?|TRUNCATE(?: TABLE)?|DELETE FROM) (.+?)(?: CASCADE| RESTRICT| WHERE .*)?;?$/i.exec(
      sql,
    ) ?? [];
  if (tables)
    return tables.split(/ ?, ?/).map((table) => ({ what: `table ${table}`, from: table, where: '' }));
  const [, table] = /^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\S+) /i.exec(sql) ?? [];
  return [...sql.matchAll(/\bDROP COLUMN (?:IF EXISTS )?([\w"]+)/gi)].map(([, column]) => ({
    what: `column ${column} of ${table}`,
    from: table!,
    where: `WHERE ${column} IS NOT NULL`,
  }));
}
