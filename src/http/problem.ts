/** One wrong field of the input. */
export interface FieldError {
  field: string;
  /** Stable, for example `required` or `too-short`. */
  code: string;
}

export interface ProblemDetails {
  retryAfterSeconds?: number;
  requestId?: string;
  attemptsRemaining?: number;
  errors?: FieldError[];
  /** Further members of the JSON form. */
  members?: Record<string, string | number>;
  headers?: Record<string, string>;
  /** Instead of a page: where a browser is sent (303). */
  redirectTo?: string;
  /** For the page only: what the failing view may show. Never part of a JSON answer. */
  forView?: unknown;
}

/** Failures that any route can have. Features bring their own codes. */
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
 * A failure on its way to the one renderer ({@link ProblemFilter}). `code` is public API; its title and words are in the
 * message catalogue under `problem.<code>`. Carries nothing that must not be shown.
 */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly details: ProblemDetails = {},
  ) {
    super(code);
    this.name = 'Problem';
  }

  static http(code: HttpProblemCode, details?: ProblemDetails): Problem {
    return new Problem(code, HTTP_PROBLEMS[code], details);
  }
}
