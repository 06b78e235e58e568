import { Problem, type ProblemDetails, problemsDecorator } from '../http/index.js';
import { VERIFICATION_ERRORS, type VerificationFailure } from '../verification/index.js';

/** Failures of two-factor routes besides those of a verification. Public API, as those are. */
export const TWO_FACTOR_ERRORS = {
  'sign-in-required': 401,
  'second-factor-required': 403,
  'step-up-required': 403,
  'unknown-factor': 404,
  'unknown-step-up': 404,
  'last-factor': 409,
  'number-taken': 409,
  'too-many-factors': 409,
} as const;

export type TwoFactorErrorCode = keyof typeof TWO_FACTOR_ERRORS;

export const twoFactorProblem = (code: TwoFactorErrorCode, details?: ProblemDetails): Problem =>
  new Problem(code, TWO_FACTOR_ERRORS[code], details);

/** Documents the problems of a route. */
export const ApiProblems = problemsDecorator({ ...VERIFICATION_ERRORS, ...TWO_FACTOR_ERRORS });

/** Why a factor was not shown. */
export type FactorFailure = Pick<VerificationFailure, 'code' | 'retryAfterSeconds'>;
