import { HttpException } from '@nestjs/common';

/** One wrong field of the input. */
export interface FieldError {
  field: string;
  /** Stable, for example `required` or `too-short`. */
  code: string;
}

/** Everything about a failure besides its code and status. */
export interface ProblemDetails {
  retryAfterSeconds?: number;
  requestId?: string;
  attemptsRemaining?: number;
  errors?: FieldError[];
  /** The module that has its own messages for `errors`: `field.<module>.<name>.<code>`. */
  module?: string;
  /** The key of a message that says more than `problem.<code>.detail`. */
  detailKey?: string;
  /** The rule that refused it, for the log only. */
  rule?: string;
  /** Further members of the JSON form. */
  members?: Record<string, string | number>;
  headers?: Record<string, string>;
  /** Sends a browser there (303) instead of showing a page. */
  redirectTo?: string;
  /** The page that a browser comes back to from there: it shows what was typed into its form. */
  comesBackTo?: string;
  /** What the failing page may show. Never part of a JSON response. */
  forView?: unknown;
}

/** The problems that any route can have. Each module adds a table of its own. */
export const HTTP_PROBLEMS = {
  'invalid-input': 400,
  unauthorized: 401,
  forbidden: 403,
  'cross-origin': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'not-acceptable': 406,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'rate-limited': 429,
  internal: 500,
  'service-unavailable': 503,
} as const;

export type HttpProblemCode = keyof typeof HTTP_PROBLEMS;

/**
 * A failure that {@link ProblemFilter} answers with. `code` is public API. The messages for people are in the catalogue
 * under `problem.<code>.title` and `problem.<code>.detail`. Nothing in a problem is secret. On a host's own route it is an
 * `HttpException` like any other, for the host's own filter or for Nest's.
 */
export class Problem extends HttpException {
  constructor(
    readonly code: string,
    status: number,
    readonly details: ProblemDetails = {},
  ) {
    const { requestId, attemptsRemaining, retryAfterSeconds, errors, members } = details;
    const known = { requestId, attemptsRemaining, retryAfterSeconds, errors };
    super({ statusCode: status, message: code, code, ...known, ...members }, status);
    this.name = 'Problem';
  }

  /** A problem that any route can have. */
  static http(code: HttpProblemCode, details?: ProblemDetails): Problem {
    return new Problem(code, HTTP_PROBLEMS[code], details);
  }

  /**
   * A refusal of what was entered, with an error for each field.
   * @param module the module that has the messages for these fields, such as `verification`
   */
  static invalidInput(module: string, errors: FieldError[]): Problem {
    return Problem.http('invalid-input', { module, errors });
  }
}
