import { publicStatus, type RequestWithWait, secondsUntil } from '../domain/verification-record.js';
import {
  failure,
  refusalOf,
  refusalToWait,
  requestedElsewhere,
  type VerificationFailure,
} from '../verification.results.js';

/**
 * What the row already says against a further message, before anything is counted.
 * @returns null when nothing does
 */
export function refusalToResend(request: RequestWithWait): VerificationFailure | null {
  const isPending = publicStatus(request) === 'PENDING';
  if (isPending && request.requestedElsewhere) return requestedElsewhere(request);
  if (request.isLocked || (request.waitUntil && request.waitUntil > request.readAt))
    return refusalToWait(request);
  if (!isPending) return refusalOf(request);
  if (request.status === 'SENDING' || request.attempts >= request.maxAttempts) return refusalOf(request);
  if (request.sends >= request.maxSends && request.sendLeaseUntil === null) {
    const retryAfterSeconds = secondsUntil(request.expiresAt, request);
    return failure('rate-limited', { request, rule: 'message-cap', retryAfterSeconds });
  }
  if (request.resendAvailableAt && request.resendAvailableAt > request.readAt) {
    const retryAfterSeconds = secondsUntil(request.resendAvailableAt, request);
    return failure('cooldown', { request, retryAfterSeconds });
  }
  if (request.leaseUntil && request.leaseUntil > request.readAt) return refusalOf(request);
  return null;
}
