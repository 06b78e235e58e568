/** One thing that somebody has shown in a session, and when. */
export interface Authentication {
  /** Of a first factor whatever the host calls it (`pwd`); of a second one {@link Factor.method}. */
  method: string;
  /** ISO 8601, by the database's clock. */
  completedAt: string;
  /** The verification request that proved it, where there was one. */
  requestId?: string;
}

/** What a session keeps; everything else is derived from it. */
export interface AuthenticationState {
  userId: string;
  /**
   * Names this sign-in, as `sid` in OIDC: random, made at sign-in, the same under every new session id after it. Codes
   * are accepted from the sign-in that asked for them.
   */
  sid: string;
  authentications: Authentication[];
  /** Of the user's factors when this session was made: a change of factors ends the sessions of before. */
  epoch: number;
  /** When the first factor was shown, ISO 8601 by the database's clock. Every later session id keeps it. */
  signedInAt: string;
  /** The trusted browser that stood in for the second factor at sign-in. The session ends with that trust. */
  trustedBrowserId?: string;
}

/** How far somebody is signed in. */
export type AssuranceLevel = 'anonymous' | 'first-factor' | 'two-factor';

/** How sure we are who somebody is, in the words of OIDC and RFC 8176. */
export interface Assurance {
  userId: string | null;
  level: AssuranceLevel;
  /** A second factor is demanded of this user and has not been shown. */
  pending: boolean;
  amr: string[];
  acr: AssuranceLevel;
  /** Of the newest authentication; seconds since the epoch. */
  authTime: number | null;
  authentications: readonly Authentication[];
  /** Of the sign-in; null for nobody. */
  sid: string | null;
  /** Of the user's factors. */
  epoch: number;
  /** The trusted browser that it came in through, where there is one. */
  trustedBrowserId: string | null;
}

/** A session that is signed in, as far as a proof or a change of factors is bound to it. */
export interface SignedInSession {
  userId: string;
  sid: string;
  /** Of the user's factors when the request was admitted. */
  epoch: number;
  /** Another sign-in of the same user in this browser may type the codes that this one asked for. */
  trustedBrowserId?: string | null;
}

/** The session behind an assurance. @throws Error for nobody: the guard lets nobody through to where this is asked */
export function sessionOf({ userId, sid, epoch, trustedBrowserId }: Assurance): SignedInSession {
  if (userId === null || sid === null) throw new Error('nobody is signed in');
  return { userId, sid, epoch, trustedBrowserId };
}

/** What a route may demand. */
export interface FactorDemand {
  /** {@link Factor.method}; defaults to any second factor. */
  factor?: string;
  /** It must not have been shown longer ago. */
  maxAgeSeconds?: number;
}

export interface MissingFactor {
  factor: string;
  reason: 'missing' | 'too-old';
  maxAgeSeconds?: number;
}

/** The factor was shown in this browser once: enough to sign in, never for a step-up. */
export const BROWSER = 'browser';
/** Each replaces any second factor, once. */
export const RECOVERY = 'recovery';
export const ANY_FACTOR = 'any';

export const NOBODY: Assurance = {
  userId: null,
  level: 'anonymous',
  pending: false,
  amr: [],
  acr: 'anonymous',
  authTime: null,
  authentications: [],
  sid: null,
  epoch: 0,
  trustedBrowserId: null,
};

export interface Circumstances {
  /** Of the user's factors now. */
  epoch: number;
  /** Whether a second factor is demanded of the user at sign-in. */
  demanded: boolean;
  /** `amr` values of the second factors that there are, by method. */
  factors: ReadonlyMap<string, string>;
  /** How long a first factor alone is worth anything where a second one is demanded. */
  firstFactorSeconds: number;
  /** How long a session lasts after sign-in, however busy it is. */
  sessionLifetimeSeconds: number;
  /** Whether the browser that the session came in through is still trusted; true when it came in through none. */
  isBrowserTrusted: boolean;
  /** The database's time, in milliseconds since the Unix epoch. */
  now: number;
}

const secondsSince = (time: string, now: number) => (now - Date.parse(time)) / 1000;
const ageSeconds = ({ completedAt }: Authentication, now: number) => secondsSince(completedAt, now);
const isSecond = ({ method }: Authentication, { factors }: Pick<Circumstances, 'factors'>) =>
  factors.has(method) || method === RECOVERY;

export function assuranceOf(state: AuthenticationState | null, circumstances: Circumstances): Assurance {
  if (!state || !isLive(state, circumstances)) return NOBODY;
  const { authentications } = state;
  const second = authentications.filter((each) => isSecond(each, circumstances));
  const trusted = authentications.some(({ method }) => method === BROWSER);
  const first = authentications.filter((each) => !second.includes(each) && each.method !== BROWSER);
  if (first.length === 0) return NOBODY;

  const has = second.length > 0 || trusted;
  const pending = circumstances.demanded && !has;
  const isYoung = (each: Authentication) =>
    ageSeconds(each, circumstances.now) <= circumstances.firstFactorSeconds;
  if (pending && !first.some(isYoung)) return NOBODY;

  const level = has ? 'two-factor' : 'first-factor';
  const proofs = [...first, ...second];
  return {
    userId: state.userId,
    level,
    pending,
    amr: [
      ...new Set(proofs.map(({ method }) => circumstances.factors.get(method) ?? method)),
      ...(second.length > 0 ? ['mfa'] : []),
    ],
    acr: level,
    authTime: Math.floor(Math.max(...proofs.map(({ completedAt }) => Date.parse(completedAt))) / 1000),
    authentications,
    sid: state.sid,
    epoch: state.epoch,
    trustedBrowserId: state.trustedBrowserId ?? null,
  };
}

/** A state without a readable time of sign-in is over. */
function isLive(
  { epoch, signedInAt }: AuthenticationState,
  circumstances: Pick<Circumstances, 'epoch' | 'isBrowserTrusted' | 'sessionLifetimeSeconds' | 'now'>,
): boolean {
  return (
    epoch === circumstances.epoch &&
    circumstances.isBrowserTrusted &&
    secondsSince(signedInAt, circumstances.now) <= circumstances.sessionLifetimeSeconds
  );
}

/** What is missing for a demand; null when nothing is. A trusted browser never satisfies one, a recovery code any. */
export function missingFactor(
  { authentications }: Assurance,
  { factor = ANY_FACTOR, maxAgeSeconds }: FactorDemand,
  circumstances: Pick<Circumstances, 'factors' | 'now'>,
): MissingFactor | null {
  const shown = authentications
    .filter((each) => isSecond(each, circumstances))
    .filter(({ method }) => factor === ANY_FACTOR || method === factor || method === RECOVERY);
  const limit = maxAgeSeconds === undefined ? {} : { maxAgeSeconds };
  if (shown.length === 0) return { factor, reason: 'missing', ...limit };
  const fresh = shown.some((each) => ageSeconds(each, circumstances.now) <= (maxAgeSeconds ?? Infinity));
  return fresh ? null : { factor, reason: 'too-old', ...limit };
}

/** The age of the newest first factor, in seconds. */
export function firstFactorAge(
  { authentications }: Assurance,
  circumstances: Pick<Circumstances, 'factors' | 'now'>,
): number {
  const first = authentications.filter((each) => !isSecond(each, circumstances) && each.method !== BROWSER);
  return Math.min(Infinity, ...first.map((each) => ageSeconds(each, circumstances.now)));
}
