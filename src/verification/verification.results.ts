import type { EvaluatedRule } from './start/message-rules.js';
import type { VerificationErrorCode } from './domain/error-catalogue.js';
import type { CodeDefect } from './domain/one-time-code.js';
import type { NumberDefect } from './domain/phone-number.js';
import type { Refusal } from './interception.js';
import {
  isInDoubt,
  publicStatus,
  type RequestWithWait,
  secondsUntil,
  type VerificationRecord,
} from './domain/verification-record.js';

/** What was expected to happen and did not. Not an exception: callers are meant to look at it. */
export interface VerificationFailure {
  ok: false;
  code: VerificationErrorCode;
  /** The request as it is now; absent when there is none or the caller may not know of it. */
  request?: VerificationRecord;
  retryAfterSeconds?: number;
  /** With `provider-unavailable`: the provider may have looked at the code, its answer was lost. */
  outcomeUnknown?: boolean;
  /** With `invalid-phone-number`, and with `destination-rejected` for a landline: what is wrong with the number. */
  numberDefect?: NumberDefect;
  /** With `invalid-phone-number`: it cannot receive a text message, but a call. */
  takesCalls?: boolean;
  /** With `invalid-input`: what is wrong with the code. */
  codeDefect?: CodeDefect;
  /** With `refused-by-application`: what the application said. */
  refusal?: Refusal;
  /** The rule that decided, for the record only, where the code does not tell. */
  rule?: string;
}

/** The result of an action on a request, within the module. */
export type RequestResult =
  { ok: true; request: VerificationRecord; isJoined?: boolean } | VerificationFailure;

/** A call on a verification request that did what was asked of it. */
export interface VerificationSuccess {
  ok: true;
  request: VerificationRecord;
  /** A start found the caller's live request for the number, and sent nothing. */
  isJoined?: boolean;
  /**
   * The number of the request, in E.164: the verified one, once `request.status` is `VERIFIED`.
   * @throws Error once the number is erased
   */
  phoneNumber(): string;
}

/** The result of a call on a verification request: the request, or a failure. */
export type VerificationResult = VerificationSuccess | VerificationFailure;

export const success = (request: VerificationRecord): RequestResult => ({ ok: true, request });

/** Builds the result of a call that failed. */
export const failure = (
  code: VerificationErrorCode,
  more: Omit<VerificationFailure, 'ok' | 'code'> = {},
): VerificationFailure => ({ ok: false, code, ...more });

/** When to ask again while the provider still owes the answer to a check. */
const VERDICT_RETRY_AFTER_SECONDS = 2;

const isBusy = ({ leaseUntil, readAt }: VerificationRecord) => leaseUntil !== null && leaseUntil > readAt;

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
      if (request.sendLeaseUntil !== null) {
        return failure('not-ready', {
          request,
          retryAfterSeconds: secondsUntil(request.sendLeaseUntil, request),
        });
      }
      // A verdict is still owed: it may be a success, so this is not the end.
      if (isInDoubt(request))
        return failure('check-in-progress', { request, retryAfterSeconds: VERDICT_RETRY_AFTER_SECONDS });
      // Another check or resend holds it, or did a moment ago; the last attempt may be under way, and right.
      if (isBusy(request) || request.attempts < request.maxAttempts)
        return failure('check-in-progress', { request, retryAfterSeconds: 1 });
      return failure('attempts-exhausted', { request });
  }
}

/** A lock ends after a day, or when somebody lifts it. It makes no sense to ask again earlier than this. */
export const LOCKED_RETRY_AFTER_SECONDS = 3600;

/** Too many wrong codes for this number or user: when the next try is possible. */
export function refusalToWait(request: RequestWithWait): VerificationFailure {
  const { waitUntil, isLocked } = request;
  return failure('rate-limited', {
    rule: isLocked ? 'lock' : 'wrong-codes',
    retryAfterSeconds: isLocked ? LOCKED_RETRY_AFTER_SECONDS : secondsUntil(waitUntil, request),
    request,
  });
}

/** Another session of the same user asked for this code. This one may ask for its own after the cooldown. */
export const requestedElsewhere = (request: VerificationRecord): VerificationFailure =>
  failure('requested-elsewhere', {
    request,
    retryAfterSeconds: secondsUntil(request.resendAvailableAt, request),
  });

/** A rule refused a message for a request. */
export function refusalOfRule(
  refusing: { rule: { code: VerificationErrorCode; rule: string }; freeAt: Date | null } | undefined,
  request: VerificationRecord,
): VerificationFailure {
  const code = refusing?.rule.code ?? 'rate-limited';
  const rule = refusing ? { rule: refusing.rule.rule } : {};
  // A destination that is not served now is not served later either.
  if (code === 'destination-not-allowed') return failure(code, { request, ...rule });
  const retryAfterSeconds = refusing?.freeAt
    ? secondsUntil(refusing.freeAt, request)
    : refusing
      ? LOCKED_RETRY_AFTER_SECONDS
      : 1;
  return failure(code, { request, retryAfterSeconds, ...rule });
}

/** What a start would come to. */
export interface SimulatedStart {
  /** `joined`: the caller has a live request for it, and would get that. */
  outcome: 'allowed' | 'refused' | 'joined';
  /** The rule that decides; null where none refuses, and for an invalid number. */
  rule: string | null;
  /** The error code that the caller would get. */
  code: VerificationErrorCode | null;
  retryAfterSeconds: number | null;
  /** All that were looked at, in order. */
  rules: EvaluatedRule[];
}

const DECIDING: Partial<Record<VerificationErrorCode, string>> = {
  'unknown-request': 'caller',
  'requested-elsewhere': 'caller',
  'attempts-exhausted': 'attempt-cap',
  'check-in-progress': 'one-check-at-a-time',
  'not-ready': 'message-is-out',
  cooldown: 'resend-cooldown',
};

/** The rule behind a failure; undefined where no rule has refused. */
export const knownRule = ({ code, rule }: VerificationFailure): string | undefined => rule ?? DECIDING[code];

/** The name of the rule behind a refusal of an act on a request. */
export const ruleBehind = (refusal: VerificationFailure): string => knownRule(refusal) ?? 'request-state';
