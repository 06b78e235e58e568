import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { connectionFailureOf } from '../diagnostics/index.js';
import { HTTP_PROBLEMS, type HttpProblemCode, Problem } from './problem.js';

/** Codes of Node and Postgres that mean: the database is unreachable, overloaded, read-only, starting, stopping or gone. */
const DATABASE_UNAVAILABLE_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPROTO',
  '25006', // read_only_sql_transaction
  '25P03', // idle_in_transaction_session_timeout
  '3D000', // invalid_catalog_name: no such database
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
  '57014', // query_canceled
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P04', // database_dropped
];
/**
 * Classes of SQLSTATE: connection exceptions, refused logins, insufficient resources (the disk is full), and errors of the
 * system below (the disk failed).
 */
const DATABASE_UNAVAILABLE_CLASS = /^(08|28|53|58)[0-9A-Z]{3}$/;
/** Node's codes for a certificate that does not hold. */
const CERTIFICATE_CODE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_)/;

const RETRY_AFTER_SECONDS = 2;

const UNREADABLE_VALUE_CODES = [
  '22003', // numeric_value_out_of_range
  '22007', // invalid_datetime_format
  '22008', // datetime_field_overflow
  '22021', // character_not_in_repertoire
  '22P02', // invalid_text_representation
  '22P05', // untranslatable_character
];

const codeOf = (thrown: unknown) => String((thrown as { code?: unknown } | null)?.code);

/** Whether Postgres could not read a value. The DTOs should have rejected it before. */
export const isUnreadableValue = (thrown: unknown): boolean =>
  UNREADABLE_VALUE_CODES.includes(codeOf(thrown));

/** Turns anything thrown into a {@link Problem}. Unknown errors become `internal`, which reveals nothing. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof HttpException) return problemWithStatus(thrown.getStatus());
  if (isDatabaseUnavailable(thrown))
    return Problem.http('service-unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  if (isUnreadableValue(thrown)) return Problem.http('invalid-input');
  // Errors of middleware: malformed JSON, malformed percent-encoding, a body that is too large.
  const { status } = (thrown ?? {}) as { status?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500) return problemWithStatus(status);
  if (thrown instanceof SyntaxError || thrown instanceof URIError) return Problem.http('invalid-input');
  return Problem.http('internal');
}

function isDatabaseUnavailable(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return (
    DATABASE_UNAVAILABLE_CODES.includes(code) ||
    DATABASE_UNAVAILABLE_CLASS.test(code) ||
    CERTIFICATE_CODE.test(code) ||
    connectionFailureOf(thrown) !== undefined
  );
}

/** A status without a problem of ours keeps its own name: 409 becomes `conflict`. */
function problemWithStatus(status: number): Problem {
  const codes = Object.keys(HTTP_PROBLEMS) as HttpProblemCode[];
  const known = codes.find((code) => HTTP_PROBLEMS[code] === status);
  if (known) return Problem.http(known, status === 503 ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {});
  const name = STATUS_CODES[status] ?? 'Error';
  return new Problem(name.toLowerCase().replace(/[^a-z]+/g, '-'), status);
}
