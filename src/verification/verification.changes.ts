import type { EndReason, Status } from './domain/lifecycle.js';
import type { Channel } from './domain/phone-number.js';
import type { Actor, EventType } from './domain/verification-event.js';
import type { VerificationContext, VerificationRecord } from './domain/verification-record.js';

export interface NewVerification {
  id: string;
  purpose: string;
  channel: Channel;
  sealedPhoneNumber: string;
  phoneFingerprint: Buffer;
  phoneCountry: string;
  phoneLastDigits: string;
  confirmedFor: string;
  userId: string | null;
  callerFingerprint: Buffer;
  callerBound: boolean;
  proverFingerprint: Buffer | null;
  context: VerificationContext | null;
  locale: string | null;
  codeLength: number;
  maxAttempts: number;
  ttlSeconds: number;
  provider: string;
  /** How long the provider may take to answer. */
  sendLeaseSeconds: number;
  /** Of the caller, under every key: whoever has the number's live request gets that. */
  callerFingerprints: Buffer[];
  prefixFingerprint: Buffer;
  callerAddress: string | null;
  callerAgent: string | null;
  /** What a refusal is recorded under, instead of the user's id and the address. */
  userFingerprint: Buffer | null;
  addressFingerprint: Buffer | null;
  countedByCaller: boolean;
}

/** Who asks for what: a request answers to its purpose and, if it is bound, to its caller only. */
export interface Claim {
  id: string;
  purpose: string;
  /** Of the caller, under every key. */
  callerFingerprints: Buffer[];
  /** Names this check or resend; made by the caller of the method. */
  token: string;
  leaseSeconds: number;
}

/** A claim to submit one code. */
export interface CheckClaim extends Claim {
  /** Of the session or device that submits it, under every key. */
  proverFingerprints: Buffer[];
  /** Of the code and of who submits it: whom a late verdict on this check belongs to. */
  codeFingerprint: Buffer;
}

/** A request taken for a further message by `channel`. */
export interface ResendClaim extends VerificationRecord {
  /** It is not known whether the message before went out. */
  earlierSendLost: boolean;
  /** Of the message before. */
  previousChannel: Channel;
}

/** What the provider said of a check, on its way into the row. */
export interface CheckChange {
  to: Status;
  event: EventType;
  reason?: EndReason;
  /** The provider did not judge. */
  giveAttemptBack?: boolean;
  /** The answer of a check was lost, and may still come. */
  inDoubt?: boolean;
  /** The check that a late verdict belongs to: this one, or one before it. By default there is none. */
  doubtAbout?: 'this-check' | 'earlier-check';
  actor?: Actor;
  providerStatus: string;
  cost?: { amount: string; currency: string };
}
