import { MisuseError } from '../options/misuse-error.js';

/** The words for error codes of Node, TLS and Postgres. They quote nothing, so they are safe in any log. */
const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed by the other side',
  ETIMEDOUT: 'connection timed out',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EPROTO: 'the TLS handshake failed',

  ENOENT: 'the file or its folder does not exist',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EMFILE: 'too many open files',
  EADDRINUSE: 'the address is in use',

  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',

  EAUTH: 'the mail server refused the credentials',
  ECONNECTION: 'no connection to the mail server',
  EDNS: 'the mail server’s host name was not found',
  EENVELOPE: 'the mail server refused the sender or the recipient',
  ESOCKET: 'no connection to the mail server',
  ETLS: 'the TLS handshake with the mail server failed',

  CERT_HAS_EXPIRED: 'the TLS certificate has expired',
  CERT_NOT_YET_VALID: 'the TLS certificate is not valid yet',
  CERT_REVOKED: 'the TLS certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the TLS certificate is from an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'the TLS certificate is from an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the TLS certificate is from an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the TLS certificate is from an authority that is not trusted here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the TLS certificate is for another host name',

  '08P01': 'protocol violation',
  '22003': 'a number is out of range',
  '22P02': 'a value has the wrong form',
  '23502': 'a required value is missing',
  '23503': 'a row that is referred to is missing',
  '23505': 'a row with this key exists already',
  '23514': 'a value violates a check',
  '25006': 'the database is read-only',
  '25P02': 'the transaction had failed before',
  '25P03': 'the transaction was idle for too long',
  '26000': 'the prepared statement does not exist',
  '28000': 'the role may not connect from here',
  '28P01': 'password authentication failed',
  '3D000': 'the database does not exist',
  '40001': 'the transaction conflicted with another one',
  '40P01': 'deadlock',
  '42501': 'permission denied',
  '42703': 'a column does not exist',
  '42P01': 'a table does not exist',
  '42P05': 'the prepared statement exists already',
  '53100': 'the disk is full',
  '53200': 'out of memory',
  '53300': 'too many connections',
  '55P03': 'a lock was not available in time',
  '57014': 'the statement took too long or was cancelled',
  '57P01': 'the connection was ended by an administrator',
  '57P02': 'the database server crashed',
  '57P03': 'the database is starting or stopping',
  '57P04': 'the database was dropped',
  '58030': 'the disk failed',
};

/** The words for the classes of SQLSTATE, for codes without words of their own. */
const CLASSES: Readonly<Record<string, string>> = {
  '08': 'connection failed',
  '22': 'a value does not fit',
  '23': 'a constraint was violated',
  '25': 'wrong state of the transaction',
  '28': 'authentication failed',
  '40': 'the transaction was rolled back',
  '42': 'the statement is wrong or not allowed',
  '53': 'the database is short of resources',
  '57': 'interrupted by an operator',
  '58': 'error of the database’s system',
  XX: 'internal error of the database',
};

/** The driver's messages about a failed connection. They have no codes, and they contain no personal data. */
const DRIVER_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Query read timeout',
  'The server does not support SSL connections',
];

/** What a log may say about an error: codes and names, never its message, which may quote personal data. */
export interface ErrorCause {
  /** A SQLSTATE, or a code of Node. */
  code?: string;
  /** The same in words. */
  cause?: string;
  /** The name of the statement that failed. */
  statement?: string;
  table?: string;
  constraint?: string;
}

/** @returns what the driver says of a failed connection; undefined for every other error */
export function connectionFailureOf(thrown: unknown): string | undefined {
  const message = String((thrown as { message?: unknown } | null)?.message);
  return DRIVER_MESSAGES.find((text) => message.includes(text));
}

/** @returns the words for a code of Node, TLS or Postgres; undefined for an unknown one */
export const causeOfCode = (code: string): string | undefined =>
  CAUSES[code] ?? (/^[0-9A-Z]{5}$/.test(code) ? CLASSES[code.slice(0, 2)] : undefined);

/** Describes an error for a log. */
export function describeError(thrown: unknown): ErrorCause {
  const { code, table, constraint, statement } = innermost(thrown);
  const cause = (isText(code) ? causeOfCode(code) : undefined) ?? connectionFailureOf(thrown);
  return {
    ...(isText(code) ? { code } : {}),
    ...(cause ? { cause } : {}),
    ...(isText(statement) ? { statement } : {}),
    ...(isText(table) ? { table } : {}),
    ...(isText(constraint) ? { constraint } : {}),
  };
}

/**
 * Describes an error that may come from other code, such as a subscriber or a mail library of the host: its kind, its cause and
 * its frames. Its message may quote personal data.
 */
export function describeForeignError(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { kind: typeof thrown };
  const frames = thrown.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  const message = thrown instanceof MisuseError ? { message: thrown.message } : {};
  return { kind: thrown.name, ...message, ...describeError(thrown), frames };
}

/** Describes a failure of our own work: its cause if it has a code, and otherwise its message, which is ours. */
export function describeFailure(thrown: unknown): ErrorCause & { error?: string } {
  const cause = describeError(thrown);
  const isKnown = cause.code !== undefined || cause.cause !== undefined;
  return isKnown ? cause : { ...cause, error: (thrown as Error).message };
}

/** Notes on an error which statement failed, for {@link describeError}. @returns the same error */
export function withStatement(thrown: unknown, statement: string): unknown {
  if (thrown instanceof Error) Object.assign(thrown, { statement });
  return thrown;
}

const isText = (value: unknown): value is string => typeof value === 'string';

interface Described {
  code?: unknown;
  table?: unknown;
  constraint?: unknown;
  statement?: unknown;
}

/** TypeORM wraps the driver's error; Node puts one error for each address into an AggregateError. */
function innermost(thrown: unknown): Described {
  const { driverError, errors, query } = (thrown ?? {}) as {
    driverError?: Described;
    errors?: Described[];
    query?: unknown;
  };
  const error: Described = driverError ?? errors?.[0] ?? thrown ?? {};
  const statement = error.statement ?? (isText(query) ? nameOfSql(query) : undefined);
  const { code, table, constraint } = error;
  return { code, table, constraint, statement };
}

/** A name for a statement that has none, such as `insert otp_decisions`. Values are parameters, so none can be in it. */
export function nameOfSql(text: string): string {
  const verb = /^\s*([A-Z]+)/i.exec(text)?.[1] ?? 'statement';
  const table = /\b(?:FROM|INTO|UPDATE)\s+"?(?:\w+"?\."?)?([a-z_]\w*)/i.exec(text)?.[1];
  return [verb.toLowerCase(), table].filter(Boolean).join(' ');
}
