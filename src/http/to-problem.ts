import { HttpException } from '@nestjs/common';
import { HTTP_PROBLEMS, type HttpProblemCode, Problem } from './problem.js';

/** body-parser's and http-errors' own names for what went wrong with a body. */
const BODY_ERRORS: Record<string, HttpProblemCode> = {
  'entity.too.large': 'payload-too-large',
  'parameters.too.many': 'payload-too-large',
  'encoding.unsupported': 'unsupported-media-type',
  'charset.unsupported': 'unsupported-media-type',
};

/** Nest's own refusal of a post from another site, for hosts that use it; a guard's refusal is a 403 too. */
const CROSS_ORIGIN = /^Cross-origin request detected/;

/** Postgres is away, shutting down or starting: nothing is known, nothing was done. */
const DATABASE_AWAY =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|08\w{3}|57P0[1-3]|53300|57014)$|Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/**
 * Postgres could not read a value: characters that it does not store, a number or a date out of range. The DTOs refuse
 * such input before it gets there; this is the net below them.
 */
export const isUnreadableValue = (thrown: unknown): boolean =>
  /^22(003|007|008|021|P02|P05)$/.test(String((thrown as { code?: unknown } | null)?.code));

/** Makes a {@link Problem} of whatever was thrown; what is not recognised is `internal` and tells nobody anything. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const { status, type, code, message } = (thrown ?? {}) as Record<string, unknown>;

  if (typeof type === 'string' && type in BODY_ERRORS) return Problem.http(BODY_ERRORS[type]!);
  if (thrown instanceof HttpException) {
    return Problem.http(CROSS_ORIGIN.test(thrown.message) ? 'cross-origin' : codeOf(thrown.getStatus()));
  }
  if (DATABASE_AWAY.test(String(code)) || DATABASE_AWAY.test(String(message))) {
    return Problem.http('service-unavailable', { retryAfterSeconds: 2 });
  }
  if (isUnreadableValue(thrown)) return Problem.http('invalid-input');
  // Errors of middleware: malformed JSON, malformed percent-encoding, an aborted body.
  if (typeof status === 'number' && status >= 400 && status < 500) return Problem.http(codeOf(status));
  if (thrown instanceof SyntaxError || thrown instanceof URIError) return Problem.http('invalid-input');
  return Problem.http('internal');
}

function codeOf(status: number): HttpProblemCode {
  const codes = Object.keys(HTTP_PROBLEMS) as HttpProblemCode[];
  const exact = codes.find((code) => HTTP_PROBLEMS[code] === status);
  return exact ?? (status >= 500 ? 'internal' : 'invalid-input');
}
