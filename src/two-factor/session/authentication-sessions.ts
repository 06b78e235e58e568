import type { Request, Response } from 'express';
import type { AuthenticationState } from './authentication-state.js';

/** Access to the host's sessions, whether cookies or tokens. For `express-session` there is {@link ExpressSessions}. */
export abstract class AuthenticationSessions {
  /**
   * Whether sessions are tokens that the client keeps, so that a replaced one could be used again. The database then
   * records which token of a sign-in is the newest.
   */
  readonly areTokens: boolean = false;

  /** What this request's session has stored, or null when there is none. */
  abstract read(request: Request): AuthenticationState | null | Promise<AuthenticationState | null>;

  /**
   * The same, as it is stored now: for a connection that outlives its request, such as a WebSocket, and after a factor was
   * checked, which takes seconds. Override it where {@link read} returns a copy that the request has had since it came.
   */
  readAgain(request: Request): AuthenticationState | null | Promise<AuthenticationState | null> {
    return this.read(request);
  }

  /**
   * Replaces the request's session by one with a new id and this state. When it resolves, the old id must not work any
   * more. Store the whole state: {@link read} has to return it unchanged. What else the host keeps in a session stays.
   */
  abstract replace(request: Request, response: Response, state: AuthenticationState): Promise<void>;

  /** Ends the request's session. */
  abstract end(request: Request, response: Response): Promise<void>;

  /** The session's id. It changes with {@link replace}. */
  abstract idOf(request: Request): string;

  /** Where sessions are tokens: the one that this request has made, for its answer. */
  newTokenOf(_request: Request): string | null {
    return null;
  }
}
