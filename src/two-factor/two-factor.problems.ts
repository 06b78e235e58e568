import { ParseUUIDPipe } from '@nestjs/common';
import { Problem, type ProblemDetails, problemsDecorator } from '../http/index.js';
import { VERIFICATION_ERRORS } from '../verification/index.js';
import type { CodeFailure } from './challenge/factor.js';

/** The failures of two-factor routes besides those of a verification. Public API. */
export const TWO_FACTOR_ERRORS = {
  'sign-in-required': 401,
  'second-factor-required': 403,
  'step-up-required': 403,
  'unknown-factor': 404,
  'unknown-step-up': 404,
  'form-used': 410,
  'code-used': 409,
  'last-factor': 409,
  'number-taken': 409,
  'number-enrolled': 409,
  'too-many-factors': 409,
  'passkey-rejected': 422,
} as const;

export type TwoFactorErrorCode = keyof typeof TWO_FACTOR_ERRORS;

/** A problem of these routes. */
export const twoFactorProblem = (code: TwoFactorErrorCode, details?: ProblemDetails): Problem =>
  new Problem(code, TWO_FACTOR_ERRORS[code], details);

/** The problem of a rejected code. @param forView what its page shows again */
export const codeProblem = (
  { code, retryAfterSeconds, defect, mayBeUsed }: CodeFailure,
  forView: unknown,
): Problem =>
  new Problem(code, { ...VERIFICATION_ERRORS, ...TWO_FACTOR_ERRORS }[code], {
    forView,
    retryAfterSeconds,
    module: defect && 'two-factor',
    errors: defect && [{ field: 'otpCode', code: defect }],
    detailKey: mayBeUsed ? 'problem.wrong-or-used-code.detail' : undefined,
  });

/** Documents the problems of a route. */
export const ApiProblems = problemsDecorator({ ...VERIFICATION_ERRORS, ...TWO_FACTOR_ERRORS });

/** The problems of every route on which a factor is shown. The last two are of step-ups. */
export const ON_A_CHALLENGE = [
  'invalid-input',
  'sign-in-required',
  'second-factor-required',
  'unknown-step-up',
] as const;
/** The problems of checking a code. */
export const ON_A_CODE = [
  'invalid-input',
  'sign-in-required',
  'unknown-request',
  'wrong-code',
  'refused-by-application',
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
/** The further problems of sending a code. */
export const ON_A_MESSAGE = [
  'cooldown',
  'phone-busy',
  'destination-rejected',
  'destination-not-allowed',
  'invalid-phone-number',
  'unknown-factor',
] as const;
/** The problems of every change of factors. */
export const ON_A_CHANGE = [
  'invalid-input',
  'sign-in-required',
  'second-factor-required',
  'rate-limited',
] as const;

/** On a path's id: a malformed one is treated as an unknown factor, because Postgres would reject it. */
export const FactorId = new ParseUUIDPipe({ exceptionFactory: () => twoFactorProblem('unknown-factor') });
