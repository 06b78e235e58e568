import type { EndReason, Status } from '../domain/lifecycle.js';
import type { Actor, EventType } from '../domain/verification-event.js';
import type { RequestWithWait } from '../domain/verification-record.js';

/** Who may act on a request: `callers` and `provers` are fingerprints under every key of the ring. */
export interface CheckClaim {
  id: string;
  purpose: string;
  callers: Buffer[];
  provers: Buffer[];
  /** Of the code and of who typed it, under every key. The first one is kept with the check. */
  codes: Buffer[];
  /** Names this check. */
  token: string;
  leaseSeconds: number;
  /** What may happen while the answer to an earlier check is still unknown. */
  inDoubt: 'refuse' | 'refuse-same-code' | 'allow';
}

/** Why a check was refused; null when it was claimed. */
export type CheckRefusal =
  | 'caller'
  | 'request-state'
  | 'lock'
  | 'wrong-codes'
  | 'message-is-out'
  | 'verdict-owed'
  | 'one-check-at-a-time'
  | 'attempt-cap';

export type ClaimedCheck = RequestWithWait & {
  isClaimed: boolean;
  refusedBy: CheckRefusal | null;
  /** The caller repeats the code that a late verdict belongs to. */
  isLateVerdict: boolean;
};

/** The provider's answer to a check, as it is written into the row. */
export interface CheckChange {
  to: Status;
  event: EventType;
  reason?: EndReason;
  /** The provider did not judge the code, so the attempt is given back. */
  isNotJudged?: boolean;
  /** The provider's answer is still owed. */
  isInDoubt?: boolean;
  /** The check that a late verdict belongs to. By default there is none. */
  doubtAbout?: 'this-check' | 'earlier-check';
  actor?: Actor;
  providerStatus: string;
  cost?: { amount: string; currency: string };
}
