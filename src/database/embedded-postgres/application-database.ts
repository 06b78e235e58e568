import { createHmac } from 'node:crypto';
import pg from 'pg';
import { connect, type RunningServer } from './server.js';

const NAME = 'app';

/**
 * The application's own database and role. An ordinary role: to a superuser no privilege is denied, and the journal of
 * events is append-only by privilege.
 * @returns the role's connection
 */
export async function ensureApplicationDatabase(server: RunningServer, password: string): Promise<string> {
  const admin = await connect(server, password);
  try {
    const exists = async (catalogue: string, column: string) =>
      (await admin.query(`SELECT 1 FROM ${catalogue} WHERE ${column} = $1`, [NAME])).rows.length > 0;
    const verb = (await exists('pg_roles', 'rolname')) ? 'ALTER' : 'CREATE';
    await admin.query(
      `${verb} ROLE ${NAME} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${pg.escapeLiteral(passwordOf(password))}`,
    );
    if (!(await exists('pg_database', 'datname'))) await admin.query(`CREATE DATABASE ${NAME} OWNER ${NAME}`);
  } finally {
    await admin.end();
  }
  return applicationUrl(server, password);
}

/** The connection of that role, once it has been made. */
export const applicationUrl = ({ port }: RunningServer, password: string): string =>
  // Without sslmode, a PGSSLMODE in the environment would ask this server for TLS, which it does not speak.
  `postgres://${NAME}:${passwordOf(password)}@127.0.0.1:${port}/${NAME}?sslmode=disable`;

const passwordOf = (superusers: string) => createHmac('sha256', superusers).update(NAME).digest('base64url');
