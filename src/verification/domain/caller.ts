/** Who asks, as far as they have shown it. The strongest of what is given counts. */
export interface Caller {
  /** The signed-in user's id, from the host. */
  userId?: string | null;
  /** Something unguessable that only this caller has: a session id, a cookie of our own. */
  sessionId?: string | null;
  /**
   * The network address. The limit of messages by address needs it: callers without one share one limit. It also
   * recognises a repeated request of someone who showed nothing else.
   */
  address?: string | null;
  userAgent?: string | null;
}

export interface CallerIdentity {
  /** To be fingerprinted before it is stored. */
  text: string;
  /** True when a stranger cannot show the same: then a request answers to this caller only. */
  bound: boolean;
}

export function identityOf({ userId, sessionId, address, userAgent }: Caller): CallerIdentity {
  if (userId) return { text: `user ${userId}`, bound: true };
  if (sessionId) return { text: `session ${sessionId}`, bound: true };
  return { text: `address ${address ?? ''} ${userAgent ?? ''}`, bound: false };
}
