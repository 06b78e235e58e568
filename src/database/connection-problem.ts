import pg from 'pg';
import { describeError } from '../diagnostics/index.js';

/** Wrong credentials, a wrong name or a missing file: another try fails in the same way. */
const LASTING = ['28P01', '28000', '3D000', 'ENOENT', 'EACCES'];

/** Whether a connection fails until somebody changes something. */
export const isLasting = (error: unknown): boolean => LASTING.includes(describeError(error).code ?? '');

/** Describes in words why a database could not be reached, for an operator. Never contains the URL, which holds a password. */
export function connectionProblem(error: unknown, url: string): string {
  const { path, message, address, port } = error as {
    path?: string;
    message: string;
    address?: string;
    port?: number;
  };
  const { code, cause } = describeError(error);
  const withCode = (words: string) => (code ? `${words} (${code})` : words);
  if ((code === 'ENOENT' || code === 'EACCES') && path)
    return withCode(`the file ${path} of sslrootcert, sslcert or sslkey cannot be read`);
  const { user, database, host } = partsOf(url);
  switch (code) {
    case '28P01':
      return withCode(`password authentication failed for role "${user}"`);
    case '28000':
      return withCode(`the role "${user}" does not exist or may not connect from here, see pg_hba.conf`);
    case '3D000':
      return withCode(`the database "${database}" does not exist`);
    case 'ECONNREFUSED':
      return withCode(`connection refused by ${address ?? host}${port ? `:${port}` : ''}`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return withCode(`the host name ${host} was not found`);
    default:
      return withCode(cause ?? message);
  }
}

function partsOf(url: string) {
  try {
    // Without its parameters: those name files, which may be what is missing.
    return new pg.Client({ connectionString: url.split('?')[0]! });
  } catch {
    return { user: '', database: '', host: '' };
  }
}
