import type { Problem } from '../../http/index.js';
import { safePath } from '../../http/index.js';
import type { MissingFactor } from '../assurance/assurance.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import type { TwoFactorService } from '../two-factor.service.js';

type Paths = Pick<TwoFactorService, 'challengePath' | 'signInPath'>;

/** Whoever asks is nobody, or not any longer. @param next where to sign in */
export const signInProblem = (next: string): Problem =>
  twoFactorProblem('sign-in-required', {
    members: { next },
    headers: { 'WWW-Authenticate': 'Bearer' },
    redirectTo: next,
  });

/**
 * Refuses a request of somebody who is not signed in.
 * @param here the page the user asked for; null after a POST, which a browser cannot return to
 */
export function signInRequired(paths: Paths, here: string | null): Problem {
  return signInProblem(paths.signInPath(safePath(here, '/')));
}

/** As RFC 9470 has it, and where to go for a browser. */
export function factorRequired(
  paths: Paths,
  { factor, reason, maxAgeSeconds }: MissingFactor,
  here: string | null,
): Problem {
  const next = paths.challengePath(safePath(here, '/'));
  const maxAge = maxAgeSeconds === undefined ? '' : `, max_age=${maxAgeSeconds}`;
  return twoFactorProblem('second-factor-required', {
    members: { factor, reason, next },
    headers: {
      'WWW-Authenticate': `Bearer error="insufficient_user_authentication", error_description="A second factor is ${
        reason === 'missing' ? 'required' : 'required again'
      }", acr_values="two-factor"${maxAge}`,
    },
    redirectTo: next,
  });
}
