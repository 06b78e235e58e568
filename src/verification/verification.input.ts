import { NIL, validate as isUuid } from 'uuid';
import type { Caller } from './domain/caller.js';
import type { Channel, PhoneNumber } from './domain/phone-number.js';
import type { VerificationContext } from './domain/verification-record.js';

export const DEFAULT_PURPOSE = 'phone-verification';

/** Input of `VerificationService.start`. */
export interface StartVerification {
  /** Any usual spelling, see {@link PhoneNumber.read}, or a number that was read before. */
  phoneNumber: string | PhoneNumber;
  /** ISO 3166-1 alpha-2, for a number without `+`. Defaults to the module's `defaultCountry`. */
  country?: string;
  channel?: Channel;
  /**
   * The language of the message as browsers name it (BCP 47), or several, preferred first. The nearest that the provider
   * has is used, otherwise the usual one of the number's country.
   */
  locale?: string | readonly string[];
  /**
   * Who the messages are from, 1 to 18 characters: for one application with several names.
   * @default the `brand` of the module
   */
  brand?: string;
  /** What the proof is for; a request answers to its purpose only. */
  purpose?: string;
  /**
   * The number is a factor that the caller's user has confirmed before. Its limits are its own then: what strangers do
   * to the number does not touch them. Needs `caller.userId`.
   */
  confirmed?: boolean;
  /**
   * The caller limits wrong codes over all requests by itself, as `TwoFactorModule` does to tell a user's own browsers
   * from others. The attempts of the one request stay limited here.
   * @default false
   */
  callerCountsWrongCodes?: boolean;
  caller: Caller;
  /** Kept with the request and returned with it: what the proof is bound to, for the application to check. */
  context?: VerificationContext;
}

/** Names a request and the caller who acts on it. */
export interface OnVerification {
  requestId: string;
  purpose?: string;
  caller: Caller;
}

/** A malformed id is treated as an unknown request; Postgres would reject it. */
export const idOf = (requestId: string): string => (isUuid(requestId) ? requestId : NIL);
