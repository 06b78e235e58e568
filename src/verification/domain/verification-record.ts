import { type EndReason, LIVE_STATUSES, type PublicStatus, type Status } from './lifecycle.js';
import type { ProviderVerdict } from '../provider/outcomes.js';
import type { Channel } from './phone-number.js';

/** Facts about what a proof is for, fixed when the request is made. */
export type VerificationContext = Readonly<Record<string, string | number | null>>;

/** One row of `otp_verification_requests`, as every statement returns it. Times are the database's. */
export interface VerificationRecord {
  id: string;
  purpose: string;
  status: Status;
  reason: EndReason | null;
  channel: Channel;
  locale: string | null;
  /** Who the messages are from, where the start named it. */
  brand: string | null;
  provider: string;
  attempts: number;
  maxAttempts: number;
  sends: number;
  maxSends: number;
  /** The encrypted number, for {@link VerificationService.phoneNumberOf}; null once erased. */
  sealedNumber: string | null;
  phoneCountry: string;
  phoneLastDigits: string;
  /** The user whose confirmed factor the number is; empty for everyone else. */
  confirmedFor: string;
  userId: string | null;
  callerFingerprint: Buffer;
  callerBound: boolean;
  /** Of the session or device that asked, the only one whose codes are accepted; null where the caller is all there is. */
  proverFingerprint: Buffer | null;
  /** What the application keeps with the request; see {@link StartVerification.context}. */
  context: VerificationContext | null;
  /** Only on answers to a caller: another session of the same user asked for it, so this one can only look at it. */
  requestedElsewhere?: boolean;
  codeLength: number;
  providerRequestId: string | null;
  /** Not null while it is unknown whether a message went out. */
  sendLeaseUntil: Date | null;
  leaseUntil: Date | null;
  /** A check or a resend holds the lease, or did when its process died. */
  isLeased: boolean;
  /** The answer of a check was lost: only the provider knows whether its code was right. */
  checkInDoubt: boolean;
  /** What its webhooks say. */
  providerVerdict: ProviderVerdict | null;
  /** When the provider took the newest message; null before the first. */
  sentAt: Date | null;
  resendAvailableAt: Date | null;
  createdAt: Date;
  expiresAt: Date;
  verifiedAt: Date | null;
  /** The database's clock at the moment of reading: all that "now" may mean for this row. */
  readAt: Date;
}

/** A request with the wait or lock that wrong codes have brought upon its number or its user. */
export interface RequestWithWait extends VerificationRecord {
  waitUntil: Date | null;
  isLocked: boolean;
}

/** What callers see: SENDING reads as PENDING, and time turns live requests into EXPIRED without anybody's help. */
export function publicStatus(record: VerificationRecord): PublicStatus {
  if (LIVE_STATUSES.includes(record.status) && record.expiresAt <= record.readAt) return 'EXPIRED';
  return record.status === 'SENDING' ? 'PENDING' : record.status;
}

/** Why a request ended without success, as callers see it. */
export const PUBLIC_END_REASONS = ['expired', 'attempts-exhausted', 'cancelled', 'not-delivered'] as const;
export type PublicEndReason = (typeof PUBLIC_END_REASONS)[number];

/** Null for a request that is live or verified. */
export function publicEndReason(record: VerificationRecord): PublicEndReason | null {
  switch (publicStatus(record)) {
    case 'PENDING':
    case 'VERIFIED':
      return null;
    case 'EXPIRED':
      return 'expired';
    case 'CANCELLED':
      return 'cancelled';
    case 'FAILED':
      if (record.reason === 'attempts-exhausted') return 'attempts-exhausted';
      return NOT_DELIVERED.includes(record.reason) ? 'not-delivered' : 'expired';
  }
}

const NOT_DELIVERED: readonly (EndReason | null)[] = ['send-rejected', 'fraud-blocked', 'send-lost'];

/** When the newest message went out; null while that is unknown. */
export const knownSentAt = ({ status, sendLeaseUntil, sentAt }: VerificationRecord): Date | null =>
  status === 'SENDING' || sendLeaseUntil !== null ? null : sentAt;

/** The outcome of a check is unknown: its answer was lost, or its process died before it wrote it. */
export function isInDoubt(record: VerificationRecord): boolean {
  const lapsed = record.isLeased && record.leaseUntil !== null && record.leaseUntil <= record.readAt;
  return record.status === 'PENDING' && record.sendLeaseUntil === null && (record.checkInDoubt || lapsed);
}

/** A further message cannot be asked for yet; neither while the first one is being sent. */
export const isCoolingDown = ({ resendAvailableAt, readAt }: VerificationRecord): boolean =>
  resendAvailableAt === null || resendAvailableAt > readAt;

export const ACTIONS = ['verify', 'resend', 'cancel'] as const;
export type Action = (typeof ACTIONS)[number];

/** What the caller can do now. A resend is offered during its cooldown too: `resendAvailableAt` tells when it will work. */
export function availableActions(record: VerificationRecord): Action[] {
  if (publicStatus(record) !== 'PENDING' || record.requestedElsewhere) return [];
  const actions: Action[] = [];
  if (record.attempts < record.maxAttempts) {
    if (record.status === 'PENDING' && record.sendLeaseUntil === null) actions.push('verify');
    if (record.sends < record.maxSends || record.sendLeaseUntil !== null) actions.push('resend');
  }
  actions.push('cancel');
  return actions;
}

/** Whole seconds until a moment, at least 1: what `Retry-After` says. */
export function secondsUntil(moment: Date | null, record: Pick<VerificationRecord, 'readAt'>): number {
  return Math.max(1, Math.ceil(((moment?.getTime() ?? 0) - record.readAt.getTime()) / 1000));
}
