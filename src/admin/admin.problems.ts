import { Problem, type ProblemDetails, problemsDecorator } from '../http/index.js';
import { TWO_FACTOR_ERRORS } from '../two-factor/index.js';
import { VERIFICATION_ERRORS } from '../verification/index.js';

/** Failures of the administration's own routes. Public API. */
export const ADMIN_ERRORS = {
  'unknown-entry': 404,
  'preview-outdated': 409,
} as const;

export type AdminErrorCode = keyof typeof ADMIN_ERRORS;

export const adminProblem = (code: AdminErrorCode, details?: ProblemDetails): Problem =>
  new Problem(code, ADMIN_ERRORS[code], details);

const documented = problemsDecorator({ ...VERIFICATION_ERRORS, ...TWO_FACTOR_ERRORS, ...ADMIN_ERRORS });

/** Documents the problems of a route, with those that every administrator's route has. */
export const ApiAdminProblems = (...codes: Parameters<typeof documented>) =>
  documented(
    'sign-in-required',
    'second-factor-required',
    'unauthorized',
    'forbidden',
    'invalid-input',
    'rate-limited',
    ...codes,
  );
