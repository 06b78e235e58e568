/** One factor that was shown in a session, and when. */
export interface Authentication {
  /** The host's name for a first factor, such as `pwd`, or a second factor's `Factor.method`. */
  method: string;
  /** ISO 8601, by the database's clock. */
  completedAt: string;
  /** The verification request that proved it, where there was one. */
  requestId?: string;
}

/** What a session stores. Everything else is derived from it. */
export interface AuthenticationState {
  userId: string;
  /**
   * Names this sign-in, as `sid` in OIDC. It is random, made at sign-in, and stays the same when the session gets a new
   * id. A code is accepted only from the sign-in that asked for it.
   */
  sid: string;
  authentications: Authentication[];
  /** The user's epoch when this session was made. A change of factors ends the sessions of earlier epochs. */
  epoch: number;
  /** When the first factor was shown, ISO 8601 by the database's clock. It stays the same when the session gets a new id. */
  signedInAt: string;
  /** Where sessions are tokens: how many tokens of this sign-in came before this one, which are worth nothing now. */
  generation?: number;
  /** The trusted browser that replaced the second factor at sign-in. The session ends when that trust ends. */
  trustedBrowserId?: string;
}

/** The method of an authentication by a trusted browser. It is enough to sign in, but never for `@RequireFactor()`. */
export const BROWSER = 'browser';
/**
 * The method of a session that the host had before it had a second factor. It is a first factor of unknown age: enough to
 * show a second one, but not to change factors.
 */
export const ADOPTED = 'adopted';
/** The method of a recovery code. It replaces any second factor, once per code. */
export const RECOVERY = 'recovery';
