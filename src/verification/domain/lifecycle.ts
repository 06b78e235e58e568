/**
 * What the database holds. `SENDING` is committed before the provider is called and reads as `PENDING` outside;
 * `EXPIRED` is mostly derived when reading: no process has to run for time to pass.
 */
export const STATUSES = ['SENDING', 'PENDING', 'VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED'] as const;
/** The stored status of a request. */
export type Status = (typeof STATUSES)[number];

/** What callers see. */
export const PUBLIC_STATUSES = ['PENDING', 'VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED'] as const;
/** The status of a request as callers see it. */
export type PublicStatus = (typeof PUBLIC_STATUSES)[number];

/** Why a request ended without success. */
export type EndReason =
  | 'send-rejected'
  | 'fraud-blocked'
  | 'send-lost'
  | 'attempts-exhausted'
  | 'provider-ended'
  | 'cancelled-by-caller'
  | 'cancelled-by-operator'
  /** The user's factors changed while the request was live. */
  | 'factors-changed'
  /** The number's owner, who has confirmed it before, wants a code of their own. */
  | 'superseded';

export type LifecycleEvent =
  | 'sent'
  | 'send-rejected'
  | 'fraud-blocked'
  | 'send-lost'
  | 'matched'
  | 'mismatched'
  | 'resent'
  | 'attempts-exhausted'
  | 'provider-ended'
  | 'time-ran-out'
  | 'cancelled';

/** The whole machine. Terminal states have no row: they never leave. Drawn in docs/lifecycle.md, which a test holds to this. */
export const TRANSITIONS: Readonly<
  Partial<Record<Status, Readonly<Partial<Record<LifecycleEvent, Status>>>>>
> = {
  SENDING: {
    sent: 'PENDING',
    'send-rejected': 'FAILED',
    'fraud-blocked': 'FAILED',
    'send-lost': 'FAILED',
    'time-ran-out': 'EXPIRED',
    cancelled: 'CANCELLED',
  },
  PENDING: {
    matched: 'VERIFIED',
    mismatched: 'PENDING',
    resent: 'PENDING',
    'attempts-exhausted': 'FAILED',
    'provider-ended': 'FAILED',
    'send-rejected': 'FAILED',
    'fraud-blocked': 'FAILED',
    'time-ran-out': 'EXPIRED',
    cancelled: 'CANCELLED',
  },
};

/** The status after an event, or null when the event means nothing in this status. */
export function transition(from: Status, event: LifecycleEvent): Status | null {
  return TRANSITIONS[from]?.[event] ?? null;
}

/** The statuses in which a request still holds its number. */
export const LIVE_STATUSES: readonly Status[] = ['SENDING', 'PENDING'];
