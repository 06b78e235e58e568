import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Factor } from './factors/factor.js';
import type { AuthenticationSessions } from './assurance/authentication-sessions.js';
import type { TwoFactorNotifier } from './two-factor.notifier.js';

/** So many calls in so many seconds. */
export interface PostLimit {
  limit: number;
  windowSeconds: number;
}

/** How often people who are signed in may post; null lifts a limit. */
export interface PostThrottleOptions {
  /** Posts of one session. @default 60 in 60 seconds */
  session?: PostLimit | null;
  /** Posts from one IPv4 address or IPv6 /64. @default 600 in 60 seconds */
  address?: PostLimit | null;
  /** Where posts are counted. @default in the memory of this process */
  storage?: ThrottlerStorage;
}

/** Options of `TwoFactorModule`. */
export interface TwoFactorModuleOptions {
  /** Where the session keeps what was shown: `new ExpressSessions()`, or your own. */
  sessions: AuthenticationSessions;
  /** Hears of everything that a user should hear of. Defaults to the log. */
  notifier?: TwoFactorNotifier;
  /** Whether a user has to have a second factor. Those who have one have to show it in any case. Defaults to false. */
  isRequired?: (userId: string) => boolean | Promise<boolean>;
  /** How the user is called in an authenticator app. Defaults to the id. */
  accountName?: (userId: string) => string | Promise<string>;
  /** How the application is called there and on the pages. */
  issuer?: string;
  /** Factors besides SMS, authenticator apps and recovery codes. */
  factors?: readonly Factor[];
  /** Where browsers go to sign in. Defaults to `/sign-in`. */
  signInPath?: string;
  /** Where they go when they were going nowhere. Defaults to `/`. */
  homePath?: string;
  /** How long the first factor alone is worth anything to those who need a second. Defaults to 600. */
  firstFactorSeconds?: number;
  /**
   * How long a session lasts after sign-in, however busy it is; its cookie or token need not outlive that.
   * @default 43200
   */
  sessionLifetimeSeconds?: number;
  /** How old a factor may be for a change of factors. Defaults to 300. */
  freshSeconds?: number;
  /** How long a browser can be trusted. Defaults to 30 days; null for never. */
  trustBrowserDays?: number | null;
  /** Whether one number may be a factor of several users. Defaults to false. */
  sharedNumbers?: boolean;
  /** Phones that a user may have. Defaults to 5. */
  maxPhones?: number;
  /** Limits of the posts to `/two-factor`, and of every route behind `PostThrottler`. */
  throttle?: PostThrottleOptions;
}

export const DEFAULTS = {
  isRequired: () => false,
  accountName: (userId: string) => userId,
  issuer: 'nest-sms-otp',
  factors: [],
  signInPath: '/sign-in',
  homePath: '/',
  firstFactorSeconds: 600,
  sessionLifetimeSeconds: 12 * 60 * 60,
  freshSeconds: 300,
  trustBrowserDays: 30,
  sharedNumbers: false,
  maxPhones: 5,
  throttle: {},
} as const satisfies Partial<TwoFactorModuleOptions>;

const DEFAULT_POST_LIMITS = {
  session: { limit: 60, windowSeconds: 60 },
  address: { limit: 600, windowSeconds: 60 },
} as const satisfies PostThrottleOptions;

export type ResolvedOptions = TwoFactorModuleOptions &
  Required<Pick<TwoFactorModuleOptions, keyof typeof DEFAULTS>>;

/** The module's options as the host gave them. */
export const TWO_FACTOR_OPTIONS = Symbol('TWO_FACTOR_OPTIONS');
/** The same with every default filled in. */
export const RESOLVED_OPTIONS = Symbol('RESOLVED_OPTIONS');

export function resolveOptions(given: TwoFactorModuleOptions): ResolvedOptions {
  const told = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    ...DEFAULTS,
    ...(Object.fromEntries(told) as unknown as TwoFactorModuleOptions),
    throttle: { ...DEFAULT_POST_LIMITS, ...given.throttle },
  };
}
