import { Inject } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Request } from 'express';
import { type KeyRing, parseKeyRing } from '../crypto/index.js';
import { HTTP_DEFAULTS, type HttpOptions, type ResolvedHttpOptions } from '../http/index.js';
import type { LibraryDatabaseOptions } from '../database/library-database.module.js';
import { withDefaults } from '../options/with-defaults.js';
import type { Caller } from './domain/caller.js';
import { isCountry } from './domain/phone-number.js';
import {
  type EventDeliveryOptions,
  resolveEventDelivery,
  WEBHOOK_DEFAULTS,
} from './event-delivery/event-delivery.options.js';
import { DEFAULT_POLICY, resolvePolicy, type VerificationPolicy } from './domain/policy.js';
import type { AcceptanceToAllow, Allowance, StartToAllow } from './interception.js';
import type { MessageSender } from './provider/message-sender/message-sender.js';
import type { MessageTextOptions } from './provider/message-sender/message-text.js';
import type { VerificationProvider } from './provider/verification-provider.js';
import { checkVerificationOptions } from './verification.option-checks.js';
import type { VonageConnection } from './provider/vonage/connection.js';

/** A throttle: at most `limit` calls per window. A limit of 0 refuses all, null is no throttle. */
export type Throttle = { limit: number; windowSeconds: number } | null;

/** The Vonage account that sends and checks codes. */
export interface VonageOptions extends Omit<VonageConnection, 'timeoutMs' | 'headers'> {
  /**
   * Which Verify API to use. Vonage has deprecated v1.
   * @default 'v2'
   */
  api?: 'v1' | 'v2';
  /** Shown in the message; 1 to 18 characters. */
  brand: string;
  /**
   * The template of your account that text messages are written by, with v2. It needs a text in each language of your
   * pages.
   * @default Vonage's own words
   */
  templateId?: string;
  /**
   * Limit of one call in milliseconds.
   * @default 5000
   */
  timeoutMs?: number;
  /**
   * The account's signature secret, by which `POST /webhooks/vonage/verify` recognises forgeries.
   * @default none: the route answers 404
   */
  signatureSecret?: string;
}

/** The texts that a {@link MessageSender} sends. */
export interface MessageOptions extends MessageTextOptions {
  /**
   * Limit of one call of the sender in milliseconds.
   * @default 5000
   */
  timeoutMs?: number;
}

/** How codes are sent and checked. */
export interface VerificationModuleOptions {
  /** The Vonage account. Exactly one of `vonage`, `sender` and `provider` is required. */
  vonage?: VonageOptions;
  /** A gateway of your own that only sends texts. Codes are made and checked here. */
  sender?: MessageSender;
  /** The texts that `sender` sends. */
  message?: MessageOptions;
  /** A service of your own that makes and checks codes; in tests `FakeVerificationProvider`. */
  provider?: VerificationProvider;
  /** Key rings, newest first: parsed, or as `<id>:<32 bytes in base64>,…`. */
  keys: {
    /** Encrypts phone numbers. */
    encryption: KeyRing | string;
    /** Makes fingerprints, by which numbers are found. */
    fingerprint: KeyRing | string;
  };
  /** Limits of one request; see {@link VerificationPolicy} for the defaults. */
  policy?: Partial<VerificationPolicy>;
  /** Keeps all instances together from overrunning the provider. */
  protection?: {
    /**
     * Calls a second at most, null for no limit. Vonage refuses more than 30, and a network bunches calls.
     * @default 20
     */
    requestsPerSecond?: number | null;
    /**
     * Failures in a row after which calls stop for a while, null for never.
     * @default 5
     */
    failuresBeforeBreak?: number | null;
  };
  /** Throttles of the POST routes. */
  throttle?: {
    /**
     * Calls of one IPv4 address or IPv6 /64.
     * @default 600 in 60 seconds
     */
    address?: Throttle;
    /**
     * Starts for one number.
     * @default 20 in 60 seconds
     */
    number?: Throttle;
    /**
     * Calls about one request.
     * @default 30 in 60 seconds
     */
    request?: Throttle;
    /**
     * Where calls are counted. Several instances need `new SharedThrottlerStorage(…)`.
     * @default the memory of this process
     */
    storage?: ThrottlerStorage;
  };
  /**
   * Where the tables are, for all modules of the library.
   * @default the pool of the TypeORM data source without a name
   */
  database?: LibraryDatabaseOptions;
  /**
   * About how often every instance looks for lost messages, in seconds. Null leaves it to `npm run reconcile`.
   * @default 3
   */
  reconcileEverySeconds?: number | null;
  /**
   * About how often every instance seals the journal, in seconds. Null leaves it to `npm run journal:seal`.
   * @default 5
   */
  sealJournalEverySeconds?: number | null;
  /** Where every event of the journal goes besides subscribers in this process. */
  events?: EventDeliveryOptions;
  /**
   * The country of numbers that are typed without `+` and without a choice of country, ISO 3166-1 alpha-2. Preselected in
   * the phone form.
   * @default none: such numbers are refused, unless their digits can be nothing but E.164
   */
  defaultCountry?: string;
  /** How the routes of all our modules are reached. */
  http?: HttpOptions;
  /**
   * Returns the user or the session of your application that calls.
   * @default a cookie of our own
   */
  identifyCaller?: (request: Request) => Caller;
  /**
   * Asked before a request is started, and before a repeated start gets the live one. A refusal is answered with
   * `refused-by-application` (403). What it throws is thrown to the caller, and nothing is sent.
   */
  beforeStart?: (start: StartToAllow) => Allowance | Promise<Allowance>;
  /**
   * Asked before a code of a live request is checked. Whoever is refused (403) does not learn whether the code was right;
   * it is not spent, and no attempt either. What it throws is thrown to the caller, and nothing is accepted.
   */
  beforeAccept?: (acceptance: AcceptanceToAllow) => Allowance | Promise<Allowance>;
}

/** The defaults of {@link VerificationModuleOptions}. */
export const VERIFICATION_DEFAULTS = {
  vonage: { api: 'v2', timeoutMs: 5000 },
  message: { timeoutMs: 5000 },
  policy: DEFAULT_POLICY,
  protection: { requestsPerSecond: 20, failuresBeforeBreak: 5 },
  throttle: {
    address: { limit: 600, windowSeconds: 60 },
    number: { limit: 20, windowSeconds: 60 },
    request: { limit: 30, windowSeconds: 60 },
  },
  database: { preparedStatements: true, migrationsRun: false },
  reconcileEverySeconds: 3,
  sealJournalEverySeconds: 5,
  events: { webhook: WEBHOOK_DEFAULTS },
} as const;

/** Options with every default filled in. */
export type ResolvedVerificationOptions = ReturnType<typeof resolveVerificationOptions>;

/**
 * Fills in the defaults.
 * @throws TypeError or RangeError naming the option that is wrong
 */
export function resolveVerificationOptions(given: VerificationModuleOptions) {
  checkVerificationOptions(given);
  const defaults = VERIFICATION_DEFAULTS;
  const vonage = given.vonage && withDefaults(given.vonage, defaults.vonage);
  const message = withDefaults(given.message, defaults.message);
  const policy = resolvePolicy({
    providerTimeoutSeconds: (vonage?.timeoutMs ?? message.timeoutMs) / 1000,
    ...given.policy,
  });
  if (vonage?.api === 'v1' && vonage.templateId !== undefined) {
    throw new TypeError('vonage.templateId works with Verify v2 only');
  }
  if (vonage?.api === 'v1' && ![4, 6].includes(policy.codeLength)) {
    throw new RangeError('policy.codeLength must be 4 or 6 with Verify v1');
  }
  const defaultCountry = given.defaultCountry?.toUpperCase();
  if (defaultCountry !== undefined && !isCountry(defaultCountry)) {
    throw new RangeError(
      'defaultCountry must be the ISO 3166-1 alpha-2 code of a country with phone numbers',
    );
  }
  return {
    ...withDefaults(given, {
      reconcileEverySeconds: defaults.reconcileEverySeconds,
      sealJournalEverySeconds: defaults.sealJournalEverySeconds,
    }),
    vonage,
    message,
    policy,
    defaultCountry,
    database: withDefaults(given.database, defaults.database),
    protection: withDefaults(given.protection, defaults.protection),
    throttle: withDefaults(given.throttle, defaults.throttle),
    events: resolveEventDelivery(given.events),
    http: withDefaults(given.http, HTTP_DEFAULTS) as ResolvedHttpOptions,
    keys: { encryption: toKeyRing(given.keys.encryption), fingerprint: toKeyRing(given.keys.fingerprint) },
  };
}

const toKeyRing = (keys: KeyRing | string): KeyRing => (typeof keys === 'string' ? parseKeyRing(keys) : keys);

/** Injects {@link ResolvedVerificationOptions}. */
export const VERIFICATION_OPTIONS = Symbol('VERIFICATION_OPTIONS');
/** A constructor's parameter: the {@link ResolvedVerificationOptions}. */
export const InjectVerificationOptions = () => Inject(VERIFICATION_OPTIONS);

/** The {@link MessageRules} in force: those that the application provides, or only the countries of the policy. */
export const MESSAGE_RULES = Symbol('MESSAGE_RULES');

/** The checked {@link VerificationPolicy}. */
export const VERIFICATION_POLICY = Symbol('VERIFICATION_POLICY');
