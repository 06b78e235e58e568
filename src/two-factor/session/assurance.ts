import {
  ADOPTED,
  type Authentication,
  type AuthenticationState,
  BROWSER,
  RECOVERY,
} from './authentication-state.js';

/** How far a session has been authenticated. */
export type AssuranceLevel = 'anonymous' | 'first-factor' | 'two-factor';

/** The assurance of a request that no live session belongs to. */
export interface AnonymousAssurance {
  userId: null;
  level: 'anonymous';
  acr: 'anonymous';
  pending: false;
  amr: readonly string[];
  authTime: null;
  authentications: readonly Authentication[];
}

/** The assurance of a live session, in the words of OIDC and RFC 8176. */
export interface SignedInAssurance {
  userId: string;
  level: 'first-factor' | 'two-factor';
  /** The same as `level`. */
  acr: 'first-factor' | 'two-factor';
  /** This user needs a second factor and has not shown one. */
  pending: boolean;
  amr: readonly string[];
  /** When the newest factor was shown, in seconds since the Unix epoch. */
  authTime: number;
  authentications: readonly Authentication[];
  /** See {@link AuthenticationState.sid}. */
  sid: string;
  /** The user's epoch when the request was admitted. */
  epoch: number;
  /** The trusted browser that the session came in through. Another sign-in through it may type the codes of this one. */
  trustedBrowserId: string | null;
}

/** How sure the application is who sent a request. `userId` is null without a sign-in. */
export type Assurance = AnonymousAssurance | SignedInAssurance;

/** A signed-in session, and where its request comes from. */
export interface SignedInCaller extends SignedInAssurance {
  /** The client's address, as limits by address count it. */
  address: string | null;
  userAgent: string | null;
}

/** The assurance of everybody who is not signed in. */
export const ANONYMOUS: AnonymousAssurance = {
  userId: null,
  level: 'anonymous',
  acr: 'anonymous',
  pending: false,
  amr: [],
  authTime: null,
  authentications: [],
};

/** What a session is judged by. */
export interface Circumstances {
  /** The user's epoch now. */
  epoch: number;
  /** Of the newest token of the sign-in; 0 where sessions are no tokens. */
  generation: number;
  /** Whether the user needs a second factor. */
  isSecondFactorRequired: boolean;
  /** The `amr` value of each second factor, by method. */
  factors: ReadonlyMap<string, string>;
  /** How long the first factor alone keeps a session alive where a second one is required. */
  firstFactorSeconds: number;
  /** How long a session lasts after sign-in. */
  sessionLifetimeSeconds: number;
  /** Whether the browser that the session came in through is still trusted. True when it came in through none. */
  isBrowserTrusted: boolean;
  /** The database's time, in milliseconds since the Unix epoch. */
  now: number;
}

const secondsSince = (time: string, now: number) => (now - Date.parse(time)) / 1000;
const isSecondFactor = ({ method }: Pick<Authentication, 'method'>, factors: ReadonlyMap<string, string>) =>
  factors.has(method) || method === RECOVERY;
/** Whether a method is neither a second factor nor what stands for one. */
export const isFirstFactor = (
  authentication: Pick<Authentication, 'method'>,
  factors: ReadonlyMap<string, string>,
): boolean => !isSecondFactor(authentication, factors) && authentication.method !== BROWSER;

/** What a session is worth under these circumstances. */
export function assuranceOf(state: AuthenticationState, circumstances: Circumstances): Assurance {
  if (!isLive(state, circumstances)) return ANONYMOUS;
  const { authentications } = state;
  const { factors, isSecondFactorRequired, firstFactorSeconds, now } = circumstances;
  const first = authentications.filter((each) => isFirstFactor(each, factors));
  const second = authentications.filter((each) => isSecondFactor(each, factors));
  if (first.length === 0) return ANONYMOUS;

  const hasTwo = second.length > 0 || authentications.some(({ method }) => method === BROWSER);
  const pending = isSecondFactorRequired && !hasTwo;
  const isRecent = ({ completedAt }: Authentication) => secondsSince(completedAt, now) <= firstFactorSeconds;
  if (pending && !first.some(isRecent)) return ANONYMOUS;

  const level = hasTwo ? 'two-factor' : 'first-factor';
  const shown = [...first, ...second];
  const methods = new Set(shown.map(({ method }) => factors.get(method) ?? method));
  return {
    userId: state.userId,
    level,
    acr: level,
    pending,
    amr: second.length > 0 ? [...methods, 'mfa'] : [...methods],
    authTime: Math.floor(Math.max(...shown.map(({ completedAt }) => Date.parse(completedAt))) / 1000),
    authentications,
    sid: state.sid,
    epoch: state.epoch,
    trustedBrowserId: state.trustedBrowserId ?? null,
  };
}

/** A state without a readable `signedInAt` is not live. */
function isLive(state: AuthenticationState, circumstances: Circumstances): boolean {
  const { epoch, generation = 0, signedInAt } = state;
  return (
    epoch === circumstances.epoch &&
    generation >= circumstances.generation &&
    circumstances.isBrowserTrusted &&
    secondsSince(signedInAt, circumstances.now) <= circumstances.sessionLifetimeSeconds
  );
}

/** The second factor that a route demands. */
export interface FactorDemand {
  /** A `Factor.method`. @default any second factor */
  factor?: string;
  /** How long ago it may have been shown. @default any time in this session */
  maxAgeSeconds?: number;
}

/** A demand that a session does not meet. */
export interface MissingFactor {
  factor: string;
  /** `not-enrolled`: the user has no such factor to show, and has to add it first. */
  reason: 'missing' | 'too-old' | 'not-enrolled';
  maxAgeSeconds?: number;
}

/** In a {@link MissingFactor}: every second factor would do. */
export const ANY_FACTOR = 'any';

type Ageing = Pick<Circumstances, 'factors' | 'now'>;

/** What a session lacks for a demand, or null. A trusted browser meets no demand, a recovery code meets every one. */
export function missingFactor(
  { authentications }: Assurance,
  { factor = ANY_FACTOR, maxAgeSeconds }: FactorDemand,
  { factors, now }: Ageing,
): MissingFactor | null {
  const shown = authentications
    .filter((each) => isSecondFactor(each, factors))
    .filter(({ method }) => factor === ANY_FACTOR || method === factor || method === RECOVERY);
  if (shown.length === 0) return { factor, reason: 'missing', maxAgeSeconds };
  const isFresh = ({ completedAt }: Authentication) =>
    secondsSince(completedAt, now) <= (maxAgeSeconds ?? Infinity);
  return shown.some(isFresh) ? null : { factor, reason: 'too-old', maxAgeSeconds };
}

/** Seconds since the newest first factor was shown. */
export function firstFactorAge({ authentications }: Assurance, { factors, now }: Ageing): number {
  const first = authentications
    .filter((each) => isFirstFactor(each, factors))
    .filter(({ method }) => method !== ADOPTED);
  return Math.min(Infinity, ...first.map(({ completedAt }) => secondsSince(completedAt, now)));
}
