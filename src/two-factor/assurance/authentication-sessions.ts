import type { Request, Response } from 'express';
import type { AuthenticationState } from './assurance.js';

/**
 * The host's sessions, as far as two-factor sign-in is concerned: cookies, tokens, whatever it has. For `express-session`
 * there is {@link ExpressSessions}.
 */
export abstract class AuthenticationSessions {
  /** What this request's session has shown; null for nobody. */
  abstract read(request: Request): AuthenticationState | null | Promise<AuthenticationState | null>;

  /**
   * Puts a session with a new id, and nothing but this state, in the place of the request's own; when it resolves, the
   * old id is worth nothing any more. Keep the whole state: {@link read} returns it as it was given.
   */
  abstract replace(request: Request, response: Response, state: AuthenticationState): Promise<void>;

  /** Ends the request's session. */
  abstract end(request: Request, response: Response): Promise<void>;

  /** Names the session; another one after {@link replace}. */
  abstract idOf(request: Request): string;
}
