import type { EndReason, LifecycleEvent, Status } from './lifecycle.js';

/** Who caused a change. `provider`: a webhook; `reconciler`: time, or the search for what was lost. */
export type Actor = 'caller' | 'reconciler' | 'provider' | 'operator';

/**
 * What happened. Besides the events of the lifecycle, which change its status:
 * - `started`: the request is written, the provider not yet asked
 * - `adopted`: like `sent`, by attaching to a message that is already in flight
 * - `send-retried`, `send-unknown`: a lost message is looked up; its outcome is still unknown
 * - `check-claimed`: an attempt is spent, the provider not yet asked
 * - `not-judged`: the provider did not act, the attempt is given back
 * - `check-unknown`: the answer was lost, the attempt stays spent
 * - `resend-claimed`, `resend-rejected`, `resend-unknown`: the same for a further message
 * - `reported`: the provider's webhook, which may bring a verdict or a price
 */
export type EventType =
  | LifecycleEvent
  | 'started'
  | 'adopted'
  | 'send-retried'
  | 'send-unknown'
  | 'check-claimed'
  | 'not-judged'
  | 'check-unknown'
  | 'resend-claimed'
  | 'resend-rejected'
  | 'resend-unknown'
  | 'reported';

/** One change of one request, as the journal has it and as subscribers get it. */
export interface VerificationEvent {
  requestId: string;
  /** 1, 2, 3… within the request: subscribers may get events more than once and out of order. */
  number: number;
  /** The database's clock. */
  at: Date;
  type: EventType;
  from: Status | null;
  to: Status;
  reason: EndReason | null;
  actor: Actor;
  /** What the provider said, such as `matched` or `fault unavailable http 503`. */
  providerStatus: string | null;
  /** Decimal text, such as `0.0500`. */
  price: string | null;
  /** ISO 4217. */
  currency: string | null;
  purpose: string;
  userId: string | null;
}
