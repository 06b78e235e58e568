import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Request } from 'express';
import { type KeyRing, parseKeyRing } from '../crypto/index.js';
import { withDefaults } from '../options/with-defaults.js';
import type { Caller } from './domain/caller.js';
import { isCountry } from './domain/phone-number.js';
import { DEFAULT_POLICY, resolvePolicy, type VerificationPolicy } from './domain/policy.js';
import type { VerificationProvider } from './provider/verification-provider.js';
import type { VonageConnection } from './provider/vonage/connection.js';

/** A throttle: at most `limit` calls per window. A limit of 0 refuses all, null is no throttle. */
export type Throttle = { limit: number; windowSeconds: number } | null;

/** The Vonage account that sends and checks codes. */
export interface VonageOptions extends Omit<VonageConnection, 'timeoutMs'> {
  /**
   * Which Verify API to use. Vonage has deprecated v1.
   * @default 'v2'
   */
  api?: 'v1' | 'v2';
  /** Shown in the message; 1 to 18 characters. */
  brand: string;
  /**
   * Limit of one call in milliseconds.
   * @default 5000
   */
  timeoutMs?: number;
  /** The account's signature secret, by which `POST /webhooks/vonage/verify` recognises forgeries. Without it: 404. */
  signatureSecret?: string;
}

/** How codes are sent and checked. */
export interface VerificationModuleOptions {
  /** The Vonage account. Either this or `provider` is required. */
  vonage?: VonageOptions;
  /** A provider of your own; in tests `FakeVerificationProvider`. */
  provider?: VerificationProvider;
  /** Key rings, newest first: parsed, or as `<id>:<32 bytes in base64>,…`. */
  keys: { encryption: KeyRing | string; fingerprint: KeyRing | string };
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
   * Prepare statements by name. Turn it off for a pooler that gives every transaction another connection.
   * @default true
   */
  preparedStatements?: boolean;
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
  /**
   * The country of numbers that are typed without `+` and without a choice of country, ISO 3166-1 alpha-2. Preselected in
   * the phone form.
   * @default none: such numbers are refused, unless their digits can be nothing but E.164
   */
  defaultCountry?: string;
  /**
   * Returns the user or the session of your application that calls.
   * @default a cookie of our own
   */
  identifyCaller?: (request: Request) => Caller;
}

/** The defaults of {@link VerificationModuleOptions}. */
export const VERIFICATION_DEFAULTS = {
  vonage: { api: 'v2', timeoutMs: 5000 },
  policy: DEFAULT_POLICY,
  protection: { requestsPerSecond: 20, failuresBeforeBreak: 5 },
  throttle: {
    address: { limit: 600, windowSeconds: 60 },
    number: { limit: 20, windowSeconds: 60 },
    request: { limit: 30, windowSeconds: 60 },
  },
  preparedStatements: true,
  reconcileEverySeconds: 3,
  sealJournalEverySeconds: 5,
} as const;

/** Options with every default filled in. */
export type ResolvedVerificationOptions = ReturnType<typeof resolveVerificationOptions>;

/**
 * Fills in the defaults.
 * @throws RangeError naming the option that is out of range
 */
export function resolveVerificationOptions(given: VerificationModuleOptions) {
  const defaults = VERIFICATION_DEFAULTS;
  const vonage = given.vonage && withDefaults(given.vonage, defaults.vonage);
  const policy = resolvePolicy({
    providerTimeoutSeconds: (vonage?.timeoutMs ?? defaults.vonage.timeoutMs) / 1000,
    ...given.policy,
  });
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
      preparedStatements: defaults.preparedStatements,
      reconcileEverySeconds: defaults.reconcileEverySeconds,
      sealJournalEverySeconds: defaults.sealJournalEverySeconds,
    }),
    vonage,
    policy,
    defaultCountry,
    protection: withDefaults(given.protection, defaults.protection),
    throttle: withDefaults(given.throttle, defaults.throttle),
    keys: { encryption: toKeyRing(given.keys.encryption), fingerprint: toKeyRing(given.keys.fingerprint) },
  };
}

const toKeyRing = (keys: KeyRing | string): KeyRing => (typeof keys === 'string' ? parseKeyRing(keys) : keys);

/** Injects {@link ResolvedVerificationOptions}. */
export const VERIFICATION_OPTIONS = Symbol('VERIFICATION_OPTIONS');

/** The {@link MessageRules} in force: those that the application provides, or only the countries of the policy. */
export const MESSAGE_RULES = Symbol('MESSAGE_RULES');

/** The checked {@link VerificationPolicy}. */
export const VERIFICATION_POLICY = Symbol('VERIFICATION_POLICY');
