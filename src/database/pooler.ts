import type { DataSource } from 'typeorm';
import { poolOf } from './sql.js';

/**
 * What an operator should set when the application reaches Postgres through a pooler: there, time-outs of single statements
 * come from the role only.
 * @returns null if there is nothing to do
 */
export async function poolerWarning(dataSource: DataSource): Promise<string | null> {
  const client = await poolOf(dataSource).connect();
  try {
    const { rows } = await client.query<{ pid: number; role: string; statement: string; idle: string }>(
      `SELECT pg_backend_pid() AS pid, quote_ident(current_user) AS role,
              current_setting('statement_timeout') AS statement,
              current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    const { pid, role, statement, idle } = rows[0]!;
    const isDirect = pid === (client as typeof client & { processID: number }).processID;
    if (isDirect || (statement !== '0' && idle !== '0')) return null;
    return `Postgres is behind a pooler, and the role has no time-outs. Run: ALTER ROLE ${role} SET statement_timeout = '10s'; ALTER ROLE ${role} SET idle_in_transaction_session_timeout = '15s'`;
  } finally {
    client.release();
  }
}
