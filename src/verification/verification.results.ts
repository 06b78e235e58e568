import type { VerificationErrorCode } from './domain/error-catalogue.js';
import type { CodeDefect } from './domain/one-time-code.js';
import { publicStatus, secondsUntil, type VerificationRecord } from './domain/verification-record.js';

/** Why a number or a user may not try now. */
export interface Wait {
  waitUntil: Date | null;
  locked: boolean;
  readAt: Date;
}

/** What was expected to happen and did not. Not an exception: callers are meant to look at it. */
export interface VerificationFailure {
  ok: false;
  code: VerificationErrorCode;
  /** The request as it is now; absent when there is none or the caller may not know of it. */
  request?: VerificationRecord;
  retryAfterSeconds?: number;
  /** With `invalid-input`: what is wrong with the code. */
  codeDefect?: CodeDefect;
}

export type VerificationResult = { ok: true; request: VerificationRecord } | VerificationFailure;

export const success = (request: VerificationRecord): VerificationResult => ({ ok: true, request });

export const failure = (
  code: VerificationErrorCode,
  more: Omit<VerificationFailure, 'ok' | 'code'> = {},
): VerificationFailure => ({ ok: false, code, ...more });

const isBusy = ({ checkUntil, readAt }: VerificationRecord) => checkUntil !== null && checkUntil > readAt;

/** Why a request that the caller may know of did not take what was asked of it, read from the row as it is now. */
export function refusalOf(request: VerificationRecord): VerificationFailure {
  switch (publicStatus(request)) {
    case 'VERIFIED':
      return failure('already-verified', { request });
    case 'CANCELLED':
      return failure('cancelled', { request });
    case 'EXPIRED':
      return failure('expired', { request });
    case 'FAILED':
      return failure(request.reason === 'attempts-exhausted' ? 'attempts-exhausted' : 'expired', { request });
    case 'PENDING':
      if (request.sendUntil !== null) {
        return failure('not-ready', { request, retryAfterSeconds: secondsUntil(request.sendUntil, request) });
      }
      // Another check or resend holds it, or did a moment ago; the last attempt may be under way, and right.
      if (isBusy(request) || request.attempts < request.maxAttempts)
        return failure('check-in-progress', { request, retryAfterSeconds: 1 });
      return failure('attempts-exhausted', { request });
  }
}

/** A lock is lifted by people, not by time: this is when it is worth asking again. */
const LOCKED_RETRY_AFTER_SECONDS = 3600;

/** Too many wrong codes for this number or user: says when the next try is possible. */
export function refusalToWait(wait: Wait | null, request?: VerificationRecord): VerificationFailure | null {
  if (!wait) return null;
  const { waitUntil, locked, readAt } = wait;
  if (!locked && (waitUntil === null || waitUntil <= readAt)) return null;
  return failure('rate-limited', {
    retryAfterSeconds: locked ? LOCKED_RETRY_AFTER_SECONDS : secondsUntil(waitUntil, wait),
    ...(request ? { request } : {}),
  });
}
