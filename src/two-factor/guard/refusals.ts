import { type Problem, safePath } from '../../http/index.js';
import { ANY_FACTOR, type MissingFactor } from '../session/assurance.js';
import type { TwoFactorPaths } from '../session/two-factor-paths.js';
import { twoFactorProblem } from '../two-factor.problems.js';

/**
 * The problem of a request without a valid session.
 * @param next the sign-in page
 * @param comesBackTo the page to which it then continues
 */
export const signInProblem = (next: string, comesBackTo?: string): Problem =>
  twoFactorProblem('sign-in-required', {
    members: { next },
    headers: { 'WWW-Authenticate': 'Bearer' },
    redirectTo: next,
    comesBackTo,
  });

/**
 * The problem that sends a user to the sign-in page.
 * @param here the page to come back to; null without one: the user then continues on the host's own page
 * @param how.again see {@link TwoFactorPaths.signIn}
 */
export function signInRequired(
  paths: TwoFactorPaths,
  here: string | null,
  how: { again?: boolean } = {},
): Problem {
  const goal = safePath(here, paths.home);
  return signInProblem(paths.signIn(goal, how), here === null ? undefined : goal);
}

/** What a user lacks who has shown no second factor yet. */
export const NO_FACTOR_YET: MissingFactor = { factor: ANY_FACTOR, reason: 'missing' };

/**
 * The problem that sends a user to the second factor, with the headers of RFC 9470 for programs.
 * @param here as in {@link signInRequired}
 */
export function factorRequired(paths: TwoFactorPaths, missing: MissingFactor, here: string | null): Problem {
  const { factor, reason, maxAgeSeconds } = missing;
  // A trusted browser, an older factor or another one is enough for the session, and not for this.
  const goal = safePath(here, paths.home);
  const challenge = paths.challenge(goal, { again: missing !== NO_FACTOR_YET });
  // Who has no such factor could show others there for ever.
  const next = reason === 'not-enrolled' ? paths.settings : challenge;
  const description =
    reason === 'too-old' ? 'A second factor is required again' : 'A second factor is required';
  const maxAge = maxAgeSeconds === undefined ? '' : `, max_age=${maxAgeSeconds}`;
  return twoFactorProblem('second-factor-required', {
    members: { factor, reason, next },
    headers: {
      'WWW-Authenticate': `Bearer error="insufficient_user_authentication", error_description="${description}", acr_values="two-factor"${maxAge}`,
    },
    redirectTo: next,
    // A kept form has what was typed.
    comesBackTo: here === null || paths.keptPostIn(goal) !== null ? undefined : goal,
  });
}
