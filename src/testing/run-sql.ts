import pg from 'pg';

/** Runs one statement, or several without values, on a connection of its own. */
export async function runSql(url: string, sql: string, values?: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql, values);
  } finally {
    await client.end();
  }
}
