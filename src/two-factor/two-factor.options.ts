import { type ExecutionContext, Inject } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Request } from 'express';
import {
  AMOUNT,
  checkOptions,
  FLAG,
  FUNCTION,
  having,
  LIST,
  OBJECT,
  type OptionKind,
  orNull,
  POSITIVE,
  TEXT,
  THROTTLE,
} from '../options/check-options.js';
import { assertInstalled } from '../options/optional-package.js';
import { withDefaults } from '../options/with-defaults.js';
import type { Factor } from './challenge/factor.js';
import { checkFactors, checkPasskeys } from './two-factor.option-checks.js';
import type { AuthenticationSessions } from './session/authentication-sessions.js';
import type { TwoFactorNotifier } from './two-factor.notifier.js';

/** At most `limit` calls in a window. */
export interface PostLimit {
  limit: number;
  windowSeconds: number;
}

/** How often people who are signed in may post. Null lifts a limit. */
export interface PostThrottleOptions {
  /**
   * Posts of one session.
   * @default 60 in 60 seconds
   */
  session?: PostLimit | null;
  /**
   * Posts from one IPv4 address or IPv6 /64.
   * @default 600 in 60 seconds
   */
  address?: PostLimit | null;
  /**
   * Where posts are counted.
   * @default the memory of this process
   */
  storage?: ThrottlerStorage;
}

/** How passkeys are made. */
export interface PasskeyOptions {
  /**
   * The domain that passkeys are for: the host name of your pages, or a parent of it. Passkeys of another domain do not work.
   * @default the host name of the page
   */
  rpId?: string;
}

/** How two-factor sign-in works in a host. */
export interface TwoFactorModuleOptions {
  /** Keeps what a session has shown: `new ExpressSessions()`, or your own. */
  sessions: AuthenticationSessions;
  /**
   * Receives what a user should be told.
   * @default a notifier that writes to the log
   */
  notifier?: TwoFactorNotifier;
  /**
   * Whether a user needs a second factor. Users who have one must always show it.
   * @default () => false
   */
  isRequired?: (userId: string) => boolean | Promise<boolean>;
  /**
   * The user's name, such as the email address: in an authenticator app, and masked on the pages.
   * @default the user's id, which the pages do not show
   */
  accountName?: (userId: string) => string | Promise<string>;
  /**
   * The application's name in authenticator apps and on the pages.
   * @default 'nest-sms-otp'
   */
  issuer?: string;
  /**
   * Factors besides SMS, authenticator apps and recovery codes.
   * @default []
   */
  factors?: readonly Factor[];
  /**
   * Where browsers go to sign in. With `again=yes` in the query the user is signed in and has to enter the password once
   * more, to enrol the first factor: the page must show its form then.
   * @default '/sign-in'
   */
  signInPath?: string;
  /**
   * Where browsers go after sign-in when they did not ask for a page.
   * @default '/'
   */
  homePath?: string;
  /**
   * How long the first factor alone counts for users who need a second, in seconds.
   * @default 600
   */
  firstFactorSeconds?: number;
  /**
   * How long a session lasts after sign-in, however busy it is, in seconds. Its cookie or token need not outlive that.
   * @default 43200
   */
  sessionLifetimeSeconds?: number;
  /**
   * How old a factor may be for a change of factors, in seconds.
   * @default 300
   */
  freshSeconds?: number;
  /**
   * How long a browser can be trusted, in days. Null turns trust off, also of browsers that are trusted already. It is offered over HTTPS and on localhost only.
   * @default 30
   */
  trustBrowserDays?: number | null;
  /**
   * Passkeys (WebAuthn) as a factor. Needs the package `@simplewebauthn/server`. Null turns them off; those that users have stay
   * factors, so turn them off only before anybody has one.
   * @default null
   */
  passkeys?: PasskeyOptions | null;
  /**
   * Whether one number may be a factor of several users.
   * @default false
   */
  sharedNumbers?: boolean;
  /**
   * How many phones a user may have.
   * @default 5
   */
  maxPhones?: number;
  /**
   * Whether the host's own marker opens a route to everybody, so that it does not need `@SkipSecondFactor()` too. It
   * is not asked about the routes of this package, nor about those with `@RequireFactor()` or `@FirstFactorOnly()`.
   * @default () => false
   */
  isPublic?: (context: ExecutionContext) => boolean;
  /**
   * The HTTP request behind a call that is not HTTP itself: of GraphQL, a WebSocket or a microservice. It is what
   * `sessions` reads. Null refuses the call.
   * @default () => null
   */
  requestOf?: (context: ExecutionContext) => Request | null;
  /** Limits of the posts to `/two-factor`, and of every route behind `PostThrottler`. */
  throttle?: PostThrottleOptions;
}

/** The defaults of {@link TwoFactorModuleOptions}. */
export const TWO_FACTOR_DEFAULTS = {
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
  passkeys: null,
  sharedNumbers: false,
  maxPhones: 5,
  isPublic: () => false,
  requestOf: () => null,
  throttle: {
    session: { limit: 60, windowSeconds: 60 },
    address: { limit: 600, windowSeconds: 60 },
  },
} as const satisfies Partial<TwoFactorModuleOptions>;

/** Options with every default filled in. */
export type ResolvedTwoFactorOptions = TwoFactorModuleOptions &
  Required<Pick<TwoFactorModuleOptions, keyof typeof TWO_FACTOR_DEFAULTS>>;

/** Injects {@link ResolvedTwoFactorOptions}. */
export const TWO_FACTOR_OPTIONS = Symbol('TWO_FACTOR_OPTIONS');
/** A constructor's parameter: the {@link ResolvedTwoFactorOptions}. */
export const InjectTwoFactorOptions = () => Inject(TWO_FACTOR_OPTIONS);

const KINDS: Record<keyof TwoFactorModuleOptions, OptionKind> = {
  sessions: having(
    ['read', 'readAgain', 'replace', 'end', 'idOf', 'newTokenOf'],
    'new ExpressSessions(), new JwtSessions(…) or your own AuthenticationSessions',
  ),
  notifier: having(['notify'], 'a TwoFactorNotifier'),
  isRequired: FUNCTION,
  accountName: FUNCTION,
  issuer: TEXT,
  factors: LIST,
  signInPath: TEXT,
  homePath: TEXT,
  firstFactorSeconds: POSITIVE,
  sessionLifetimeSeconds: POSITIVE,
  freshSeconds: POSITIVE,
  trustBrowserDays: orNull(POSITIVE),
  passkeys: orNull(OBJECT),
  sharedNumbers: FLAG,
  maxPhones: AMOUNT,
  isPublic: FUNCTION,
  requestOf: FUNCTION,
  throttle: OBJECT,
};

/**
 * Fills in the defaults.
 * @throws TypeError naming the option that is wrong
 */
export function resolveTwoFactorOptions(given: TwoFactorModuleOptions): ResolvedTwoFactorOptions {
  checkOptions('TwoFactorModule', given, KINDS, ['sessions']);
  checkOptions('TwoFactorModule: throttle', given.throttle, {
    session: THROTTLE,
    address: THROTTLE,
    storage: having(['increment'], 'a ThrottlerStorage'),
  });
  checkFactors(given.factors ?? []);
  checkPasskeys(given.passkeys ?? {});
  if (given.passkeys) assertInstalled('@simplewebauthn/server', '`passkeys` of TwoFactorModule');
  return {
    ...withDefaults(given, TWO_FACTOR_DEFAULTS),
    throttle: withDefaults(given.throttle, TWO_FACTOR_DEFAULTS.throttle),
  };
}
