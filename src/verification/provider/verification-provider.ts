import type { CancelOutcome, CheckOutcome, LookupOutcome, NextOutcome, StartOutcome } from './outcomes.js';
import type { Channel } from '../domain/phone-number.js';

/** One message to send. */
export interface StartRequest {
  /** E.164 with `+`. */
  phoneNumber: string;
  channel: Channel;
  codeLength: number;
  /** How long the provider shall accept the code. */
  ttlSeconds: number;
  /** One of {@link VerificationProvider.locales}; absent: the provider chooses. */
  locale?: string;
  /** Who the message is from, where the provider can tell; absent: as it is configured. */
  brand?: string;
  /** Our own id, at most 40 letters and digits, for providers that carry one. */
  clientReference: string;
}

/**
 * Who sends and checks codes. An abstract class, so that it is its own injection token.
 *
 * Implementations never throw: whatever happens becomes an outcome, and what is not understood becomes
 * `fault unknown-outcome`. They answer within their time-out. `testing/provider-contract.ts` holds them to it.
 */
export abstract class VerificationProvider {
  /** For the record and the logs, for example `vonage-v2`. */
  abstract readonly name: string;

  /** The languages that it has messages in: BCP 47 with a region, lower case (`en-us`). Without any, it chooses itself. */
  readonly locales: readonly string[] = [];

  /** How it can reach people. */
  readonly channels: readonly Channel[] = ['sms', 'voice'];

  /** How long after a message it does not end a request, nor send another one to the number. */
  readonly holdsSeconds: number = 0;

  /** Sends a new code, unless a request to this number is in flight. */
  abstract start(request: StartRequest): Promise<StartOutcome>;

  /** Judges one typed code. */
  abstract check(providerRequestId: string, code: string): Promise<CheckOutcome>;

  /** Ends a request, so that the number is free again. */
  abstract cancel(providerRequestId: string): Promise<CancelOutcome>;

  /** Moves on to the next message of the request's workflow at once, if it has one. */
  abstract next(providerRequestId: string): Promise<NextOutcome>;

  /** Optional capability: looks up the outcome of a request. */
  lookup?(providerRequestId: string): Promise<LookupOutcome>;
}
