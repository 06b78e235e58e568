/** Who asks, as far as they have shown it. The strongest of what is given counts. */
export interface Caller {
  /** The signed-in user's id, from the host. */
  userId?: string | null;
  /**
   * Something unguessable that only this caller has: a session id, a cookie of our own. With a user: the session that
   * asks. It must stay the same for as long as a code may be typed.
   */
  sessionId?: string | null;
  /** With a user: a device that the application has recognised, such as a trusted browser. */
  deviceId?: string | null;
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

/**
 * Who may type the code of a request that this caller starts. A user's other sessions may see the request, but codes are
 * accepted only from the session or the device that asked for them.
 * @returns the strongest first; that one is kept with the request
 */
export function proversOf(caller: Caller): [string, ...string[]] {
  const { userId, sessionId, deviceId } = caller;
  if (!userId) return [identityOf(caller).text];
  const device = deviceId ? [`user ${userId} device ${deviceId}`] : [];
  const session = sessionId ? [`user ${userId} session ${sessionId}`] : [];
  const [first, ...others] = [...device, ...session];
  return first ? [first, ...others] : [identityOf(caller).text];
}

/** Whether a request of this caller answers to one session or device of its user. */
export const hasProver = ({ userId, sessionId, deviceId }: Caller): boolean =>
  Boolean(userId && (sessionId || deviceId));
