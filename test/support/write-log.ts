import type { Pool } from 'pg';

/** Sessions slide with every request: their store moves the end on. Nothing else of a session changes without being named. */
const SLIDING_TABLES = ['host_sessions'];

/**
 * Has the database itself count every row that is inserted, updated or deleted, by table. What is rolled back does not
 * count. For a test's own database, by a superuser.
 */
export class WriteLog {
  private constructor(private readonly sql: Pool) {}

  static async install(sql: Pool): Promise<WriteLog> {
    const { rows } = await sql.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    await sql.query(`
      CREATE TABLE write_log (n bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL);
      CREATE FUNCTION log_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        INSERT INTO write_log (what) VALUES (TG_OP || ' ' || TG_TABLE_NAME);
        RETURN NULL;
      END $$;`);
    for (const { name } of rows) {
      const events = SLIDING_TABLES.includes(name) ? 'INSERT OR DELETE' : 'INSERT OR UPDATE OR DELETE';
      await sql.query(
        `CREATE TRIGGER log_write AFTER ${events} ON ${name} FOR EACH ROW EXECUTE FUNCTION log_write()`,
      );
    }
    return new WriteLog(sql);
  }

  /** What was written since the last call, such as `INSERT otp_decisions`, each once; forgets it. */
  async take(): Promise<string[]> {
    const { rows } = await this.sql.query<{ what: string }>('DELETE FROM write_log RETURNING what');
    return [...new Set(rows.map(({ what }) => what))].sort();
  }
}
