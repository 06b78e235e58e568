/** Provider-neutral answers: what v1, v2 and the fake all speak. Anything a provider says that is not one of these is a fault. */

/**
 * - `throttled`, `unavailable`, `misconfigured`, `bad-request`: the provider did not act, so nothing was sent and no code was judged
 * - `unknown-outcome`: it may have acted (time-out, reset, nonsense answer); never read it as success, never blindly repeat a check
 */
export type FaultKind = 'throttled' | 'unavailable' | 'misconfigured' | 'bad-request' | 'unknown-outcome';

/** No usable answer from the provider: it was not reached, refused to work, or said something undocumented. */
export interface Fault {
  outcome: 'fault';
  fault: FaultKind;
  /** The provider's own status, for logs and the record: `status 5`, `http 500`, `timeout`. Never a body. */
  detail: string;
  retryAfterSeconds?: number;
}

/** What a provider can answer to a request for a message. */
export type StartOutcome =
  | { outcome: 'started'; providerRequestId: string }
  | { outcome: 'already-pending'; providerRequestId?: string }
  | { outcome: 'destination-rejected'; why: 'invalid' | 'unroutable' | 'unsupported' }
  | { outcome: 'fraud-blocked'; network?: string }
  | Fault;

/** What a provider can answer to a typed code. */
export type CheckOutcome =
  | { outcome: 'matched'; cost?: { amount: string; currency: string } }
  | { outcome: 'mismatched' | 'exhausted' | 'gone' | 'not-checkable-now' }
  | Fault;

/** What a provider can answer to a cancellation. */
export type CancelOutcome = { outcome: 'cancelled' | 'too-late' | 'gone' } | { outcome: 'too-early' } | Fault;

/** What a provider can answer when asked for the next step of a workflow. */
export type NextOutcome = { outcome: 'sent' | 'no-more' | 'retry-later' | 'gone' } | Fault;

/** What a provider can answer when asked how a request ended. */
export type LookupOutcome =
  { outcome: 'pending' | 'verified' | 'failed' | 'expired' | 'cancelled' | 'unknown' } | Fault;

/** What a provider tells later, by webhook, of a request that it has ended. */
export type ProviderVerdict = 'verified' | 'failed' | 'expired' | 'blocked';

/** An outcome for the journal, in a few words: `matched`, `fault unknown-outcome timeout`. */
export function describeOutcome(outcome: { outcome: string } | Fault): string {
  return 'fault' in outcome ? `fault ${outcome.fault} ${outcome.detail}` : outcome.outcome;
}
