import { Problem, problemsDecorator } from '../http/index.js';
import { TWO_FACTOR_ERRORS } from '../two-factor/index.js';

/** The reference host's own failures. */
export const HOST_ERRORS = {
  'sign-in-failed': 401,
  'email-taken': 409,
  'unknown-session': 404,
} as const;

export const signInFailed = (): Problem => new Problem('sign-in-failed', HOST_ERRORS['sign-in-failed']);
export const emailTaken = (): Problem => new Problem('email-taken', HOST_ERRORS['email-taken']);
export const unknownSession = (): Problem => new Problem('unknown-session', HOST_ERRORS['unknown-session']);

export const ApiHostProblems = problemsDecorator({ ...TWO_FACTOR_ERRORS, ...HOST_ERRORS });
