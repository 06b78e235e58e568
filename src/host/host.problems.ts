import { Problem, problemsDecorator } from '../http/index.js';
import { TWO_FACTOR_ERRORS } from '../two-factor/index.js';

/** The reference host's own problems with their statuses. */
export const HOST_ERRORS = {
  'sign-in-failed': 401,
  'insecure-connection': 403,
  'unknown-session': 404,
  'invalid-link': 410,
  'wrong-password': 422,
  'email-unavailable': 503,
} as const;

const problem = (code: keyof typeof HOST_ERRORS, retryAfterSeconds?: number): Problem =>
  new Problem(code, HOST_ERRORS[code], retryAfterSeconds === undefined ? {} : { retryAfterSeconds });

export const signInFailed = (): Problem => problem('sign-in-failed');
/** The cookie of a session would not be sent. */
export const insecureConnection = (): Problem => problem('insecure-connection');
export const unknownSession = (): Problem => problem('unknown-session');
export const invalidLink = (): Problem => problem('invalid-link');
export const wrongPassword = (): Problem => problem('wrong-password');
/** Emails are not configured. */
export const emailUnavailable = (): Problem => problem('email-unavailable', 3600);

/** Documents the problems of a route. */
export const ApiHostProblems = problemsDecorator({ ...TWO_FACTOR_ERRORS, ...HOST_ERRORS });
