import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Request } from 'express';
import { type KeyRing, parseKeyRing } from '../config/key-ring.js';
import type { Caller } from './domain/caller.js';
import type { VerificationPolicy } from './domain/policy.js';
import type { VerificationProvider } from './provider/verification-provider.js';
import type { VonageConnection } from './provider/vonage/transport.js';

/** A flood fence: at most `limit` calls per window; null for none. */
export type Throttle = { limit: number; windowSeconds: number } | null;

/** Credentials and settings for Vonage Verify. */
export interface VonageOptions extends Omit<VonageConnection, 'timeoutMs'> {
  /** Defaults to `v2`; v1 is deprecated. */
  api?: 'v1' | 'v2';
  /** Shown in the message; 1 to 18 characters. */
  brand: string;
  /** For one call. Defaults to 5000. */
  timeoutMs?: number;
  /** Of the Vonage account: lets `POST /webhooks/vonage/verify` tell its notifications from forgeries. Without it: 404. */
  signatureSecret?: string;
}

/** Options of `VerificationModule`. */
export interface VerificationModuleOptions {
  /** Who sends and checks: Vonage, or a provider of your own (in tests: `FakeVerificationProvider`). */
  vonage?: VonageOptions;
  provider?: VerificationProvider;
  /** Key rings, newest first: parsed, or as `<id>:<32 bytes in base64>,…`. */
  keys: { encryption: KeyRing | string; fingerprint: KeyRing | string };
  policy?: Partial<VerificationPolicy>;
  /** Keeps the provider from being overrun, by all instances together. */
  protection?: {
    /** Calls a second at most. Defaults to 20, because Vonage refuses more than 30; null for no limit. */
    requestsPerSecond?: number | null;
    /** Failures in a row after which it is left alone for a while. Defaults to 5; null for never. */
    failuresBeforeBreak?: number | null;
  };
  /** Fences in front of the POST routes; what is left out keeps its default, null lifts it, a limit of 0 refuses all. */
  throttle?: {
    address?: Throttle;
    number?: Throttle;
    request?: Throttle;
    /** Where they are counted; defaults to the memory of this instance. For several: `new SharedThrottlerStorage(…)`. */
    storage?: ThrottlerStorage;
  };
  /**
   * Prepare statements by name. Turn it off for a pooler that hands every transaction another connection.
   * @default true
   */
  preparedStatements?: boolean;
  /** How often every instance looks for lost messages, about. Defaults to 3; null for never (then call `runOnce` yourself). */
  reconcileEverySeconds?: number | null;
  /**
   * How often every instance seals the journal, about. Null leaves it to `npm run journal:seal`.
   * @default 5
   */
  sealJournalEverySeconds?: number | null;
  /** Preselected in the phone form, ISO 3166-1 alpha-2. */
  defaultCountry?: string;
  /** How to recognise who calls; defaults to a cookie of our own. Return the user or the session of your application. */
  identifyCaller?: (request: Request) => Caller;
}

/** The {@link MessageRules} in force: those that the application provides, or only the countries of the policy. */
export const MESSAGE_RULES = Symbol('MESSAGE_RULES');

/** The checked {@link VerificationPolicy}. */
export const VERIFICATION_POLICY = Symbol('VERIFICATION_POLICY');

export const DEFAULT_THROTTLES = {
  address: { limit: 600, windowSeconds: 60 },
  number: { limit: 20, windowSeconds: 60 },
  request: { limit: 30, windowSeconds: 60 },
} as const satisfies Record<string, Throttle>;

export const DEFAULT_PROTECTION = { requestsPerSecond: 20, failuresBeforeBreak: 5 } as const;

export const toKeyRing = (keys: KeyRing | string): KeyRing =>
  typeof keys === 'string' ? parseKeyRing(keys) : keys;

/** The module's options as the host gave them. */
export const VERIFICATION_OPTIONS = Symbol('VERIFICATION_OPTIONS');
