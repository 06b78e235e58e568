import { isUUID } from 'class-validator';
import { Problem, type ProblemDetails, problemsDecorator } from '../http/index.js';
import { VERIFICATION_ERRORS } from '../verification/index.js';
import type { CodeFailure } from './factors/factor.js';

/** Failures of two-factor routes besides those of a verification. Public API, as those are. */
export const TWO_FACTOR_ERRORS = {
  'sign-in-required': 401,
  'second-factor-required': 403,
  'step-up-required': 403,
  'unknown-factor': 404,
  'unknown-step-up': 404,
  'last-factor': 409,
  'number-taken': 409,
  'number-enrolled': 409,
  'too-many-factors': 409,
} as const;

export type TwoFactorErrorCode = keyof typeof TWO_FACTOR_ERRORS;

export const twoFactorProblem = (code: TwoFactorErrorCode, details?: ProblemDetails): Problem =>
  new Problem(code, TWO_FACTOR_ERRORS[code], details);

/** Of a code that did not count. @param forView what the page shows again */
export const codeProblem = ({ code, retryAfterSeconds }: CodeFailure, forView: unknown): Problem =>
  new Problem(code, VERIFICATION_ERRORS[code], {
    forView,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });

/** Documents the problems of a route. */
export const ApiProblems = problemsDecorator({ ...VERIFICATION_ERRORS, ...TWO_FACTOR_ERRORS });

/** What checking a code can meet. */
export const ON_A_CODE = [
  'invalid-input',
  'sign-in-required',
  'unknown-request',
  'wrong-code',
  'attempts-exhausted',
  'expired',
  'cancelled',
  'already-verified',
  'requested-elsewhere',
  'not-ready',
  'check-in-progress',
  'rate-limited',
  'provider-unavailable',
] as const;
/** What sending one can meet besides. */
export const ON_A_MESSAGE = [
  'cooldown',
  'phone-busy',
  'destination-rejected',
  'destination-not-allowed',
  'invalid-phone-number',
  'unknown-factor',
] as const;
/** What changing one's factors can meet. */
export const ON_A_CHANGE = [
  'invalid-input',
  'sign-in-required',
  'second-factor-required',
  'rate-limited',
] as const;

/** An id out of a path: a malformed id is treated as unknown. @throws Problem `unknown-factor` */
export function known(id: string): string {
  if (!isUUID(id)) throw twoFactorProblem('unknown-factor');
  return id;
}
