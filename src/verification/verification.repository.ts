import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { StatementRunner, statement } from '../database/statement.js';
import type { CheckChange, CheckClaim, ClaimedCheck } from './check/check-claim.js';
import type { EndReason, Status } from './domain/lifecycle.js';
import { type VerificationPolicy, wrongCodeWaits } from './domain/policy.js';
import type { Actor, EventType } from './domain/verification-event.js';
import type { RequestWithWait, VerificationRecord } from './domain/verification-record.js';
import { REQUEST_COLUMNS } from './request-columns.js';
import { VERIFICATION_POLICY } from './verification.options.js';

/**
 * Checks of codes in Postgres. One method is one statement, and one statement is one transaction. `null`
 * means that the row was not in the state that the change starts from: somebody else was faster.
 *
 * Every change is a compare-and-set. A check is claimed with a lease (`lease_token`, `lease_until`) and finished only by
 * the process that still holds it. The claim spends the attempt and counts the code as wrong, before the provider is
 * asked; a right code takes the count back. So a crash between the two never makes a guess free. Locks are always taken
 * in this order: request, then number slot, then user.
 */
@Injectable()
export class VerificationRepository {
  private readonly waits: (number | null)[];

  constructor(
    private readonly statements: StatementRunner,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {
    this.waits = wrongCodeWaits(policy);
  }

  /**
   * Spends one attempt and takes the lease, or says why not and writes the refusal down.
   * @returns null when there is no such request for this caller
   */
  claimCheck(claim: CheckClaim): Promise<ClaimedCheck | null> {
    const { wrongCodesBeforeLock: lockAfter } = this.policy;
    const [code] = claim.codes;
    return this.statements.one(CLAIM_CHECK, {
      ...claim,
      code: code!,
      decisionId: uuidv7(),
      waits: this.waits,
      lockAfter,
    });
  }

  /** Writes the provider's answer, if the lease is still held. */
  finishCheck(id: string, token: string, change: CheckChange): Promise<VerificationRecord | null> {
    return this.statements.one(FINISH_CHECK, {
      id,
      token,
      to: change.to,
      event: change.event,
      reason: change.reason ?? null,
      isNotJudged: change.isNotJudged ?? false,
      isInDoubt: change.isInDoubt ?? false,
      doubtAbout: change.doubtAbout ?? null,
      actor: change.actor ?? 'caller',
      providerStatus: change.providerStatus,
      price: change.cost?.amount ?? null,
      currency: change.cost?.currency ?? null,
    });
  }

  /**
   * Gives the success of a late verdict to the caller who repeats its code. Only once.
   * @returns null when it was handed out already
   */
  acceptLateVerdict(id: string, codes: Buffer[]): Promise<VerificationRecord | null> {
    return this.statements.one(ACCEPT_LATE_VERDICT, { id, codes });
  }

  findById(id: string): Promise<RequestWithWait | null> {
    return this.statements.one(FIND_BY_ID, { id });
  }
}

export const CLAIM_CHECK = statement<
  CheckClaim & { code: Buffer; decisionId: string; waits: (number | null)[]; lockAfter: number },
  ClaimedCheck
>(
  'claim-check',
  `
  WITH target AS (
    SELECT r.*, greatest(s.wait_until, u.wait_until) AS wait_until,
           s.locked_at IS NOT NULL OR u.locked_at IS NOT NULL AS is_locked,
           r.status = 'VERIFIED' AND r.doubt_fingerprint = ANY(:codes::bytea[]) AS is_late_verdict,
           CASE
             WHEN r.status = 'VERIFIED' AND r.doubt_fingerprint = ANY(:codes::bytea[]) THEN NULL
             WHEN r.status NOT IN ('SENDING', 'PENDING') OR r.expires_at <= clock_timestamp() THEN 'request-state'
             WHEN r.prover_fingerprint <> ALL(:provers::bytea[]) THEN 'caller'
             -- Before the next two: the code of a check under way counts as wrong, and may turn out to be right.
             WHEN r.lease_until > clock_timestamp() AND r.send_lease_until IS NULL THEN 'one-check-at-a-time'
             WHEN s.locked_at IS NOT NULL OR u.locked_at IS NOT NULL THEN 'lock'
             WHEN greatest(s.wait_until, u.wait_until) > clock_timestamp() THEN 'wrong-codes'
             WHEN r.status = 'SENDING' OR r.send_lease_until IS NOT NULL THEN 'message-is-out'
             WHEN (r.check_in_doubt OR r.lease_token IS NOT NULL)
                  AND (:inDoubt::text = 'refuse' OR :inDoubt = 'refuse-same-code'
                       AND coalesce(r.claim_fingerprint, r.doubt_fingerprint) = ANY(:codes::bytea[])) THEN 'verdict-owed'
             WHEN r.attempts >= r.max_attempts THEN
               CASE WHEN r.check_in_doubt OR r.lease_token IS NOT NULL THEN 'verdict-owed' ELSE 'attempt-cap' END
           END AS refused_by
      FROM otp_verification_requests r
      LEFT JOIN otp_number_slots s ON s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for
      LEFT JOIN otp_user_wrong_codes u ON u.user_id = r.user_id AND u.confirmed = (r.confirmed_for <> '')
     WHERE r.id = :id AND r.purpose = :purpose
       AND (NOT r.caller_bound OR r.caller_fingerprint = ANY(:callers::bytea[]))),
  claimed AS (
    -- The conditions again: the row may have changed since this statement began, and only they are checked under its lock.
    UPDATE otp_verification_requests r
       SET attempts = r.attempts + 1, events = r.events + 1,
           lease_token = :token, lease_until = clock_timestamp() + make_interval(secs => :leaseSeconds),
           -- A lease that nobody finished is a check whose answer is unknown.
           check_in_doubt = r.check_in_doubt OR r.lease_token IS NOT NULL,
           doubt_fingerprint = CASE
             WHEN r.lease_token IS NULL OR r.claim_fingerprint IS NULL THEN r.doubt_fingerprint
             WHEN r.doubt_fingerprint IS NULL OR r.doubt_fingerprint = r.claim_fingerprint THEN r.claim_fingerprint
             ELSE ''::bytea END, -- two different codes in doubt: a verdict would belong to nobody
           claim_fingerprint = :code
      FROM target t
     WHERE r.id = t.id AND t.refused_by IS NULL AND NOT t.is_late_verdict
       AND r.status = 'PENDING' AND r.expires_at > clock_timestamp() AND r.attempts < r.max_attempts
       AND r.send_lease_until IS NULL AND (r.lease_until IS NULL OR r.lease_until <= clock_timestamp())
       AND (r.lease_token IS NULL AND NOT r.check_in_doubt OR :inDoubt <> 'refuse')
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, actor)
    SELECT id, events, now(), 'check-claimed', 'PENDING', 'PENDING', 'caller' FROM claimed),
  slot AS (
    UPDATE otp_number_slots s
       SET wrong_codes = s.wrong_codes + 1,
           wait_until = clock_timestamp()
             + make_interval(secs => (:waits::float8[])[least(s.wrong_codes + 1, cardinality(:waits::float8[]))]),
           locked_at = CASE WHEN s.wrong_codes + 1 >= :lockAfter::int THEN clock_timestamp() END
      FROM claimed r
     WHERE s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for AND NOT r.counted_by_caller
    RETURNING 1),
  counted_user AS (
    INSERT INTO otp_user_wrong_codes AS u (user_id, confirmed, wrong_codes, wait_until, locked_at)
    SELECT r.user_id, r.confirmed_for <> '', 1, clock_timestamp() + make_interval(secs => (:waits::float8[])[1]),
           CASE WHEN :lockAfter <= 1 THEN clock_timestamp() END
      FROM claimed r
     WHERE r.user_id IS NOT NULL AND NOT r.counted_by_caller AND (SELECT count(*) FROM slot) >= 0
    ON CONFLICT (user_id, confirmed) DO UPDATE
       SET wrong_codes = u.wrong_codes + 1,
           wait_until = clock_timestamp()
             + make_interval(secs => (:waits::float8[])[least(u.wrong_codes + 1, cardinality(:waits::float8[]))]),
           locked_at = CASE WHEN u.wrong_codes + 1 >= :lockAfter THEN clock_timestamp() END),
  refusal AS (
    INSERT INTO otp_decisions (id, at, action, outcome, rule, request_id, rules)
    SELECT :decisionId::uuid, now(), 'check', 'refused', t.refused_by, t.id,
           json_build_array(json_build_object('rule', t.refused_by, 'outcome', 'refuse'))
      FROM target t WHERE t.refused_by IS NOT NULL)
  SELECT ${REQUEST_COLUMNS}, true AS is_claimed, NULL AS refused_by, NULL::timestamptz AS wait_until, false AS is_locked,
         false AS is_late_verdict
    FROM claimed r
  UNION ALL
  SELECT ${REQUEST_COLUMNS}, false, r.refused_by, r.wait_until, r.is_locked, r.is_late_verdict
    FROM target r WHERE NOT EXISTS (SELECT 1 FROM claimed)`,
);

export const FINISH_CHECK = statement<
  {
    id: string;
    token: string;
    to: Status;
    event: EventType;
    reason: EndReason | null;
    isNotJudged: boolean;
    isInDoubt: boolean;
    doubtAbout: string | null;
    actor: Actor;
    providerStatus: string;
    price: string | null;
    currency: string | null;
  },
  VerificationRecord
>(
  'finish-check',
  `
  WITH changed AS (
    UPDATE otp_verification_requests r
       SET status = :to::text, reason = :reason::text, events = r.events + 1,
           attempts = r.attempts - CASE WHEN :isNotJudged::bool THEN 1 ELSE 0 END,
           lease_token = NULL, lease_until = NULL, check_in_doubt = :isInDoubt,
           doubt_fingerprint = CASE :doubtAbout::text
             WHEN 'earlier-check' THEN r.doubt_fingerprint
             WHEN 'this-check' THEN CASE
               WHEN r.doubt_fingerprint IS NULL OR r.doubt_fingerprint = r.claim_fingerprint THEN r.claim_fingerprint
               ELSE ''::bytea END -- two different codes in doubt: a verdict would belong to nobody
             END,
           claim_fingerprint = NULL,
           send_lease_until = CASE WHEN :to = 'PENDING' THEN r.send_lease_until END,
           verified_at = CASE WHEN :to = 'VERIFIED' THEN clock_timestamp() END,
           ended_at = CASE WHEN :to <> 'PENDING' THEN clock_timestamp() END,
           price = coalesce(:price::numeric + coalesce(r.price, 0), r.price), currency = coalesce(:currency::text, r.currency)
     WHERE r.id = :id AND r.lease_token = :token AND r.status = 'PENDING'
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events
      (request_id, number, at, type, from_status, to_status, reason, actor, provider_status, price, currency)
    SELECT id, events, now(), :event::text, 'PENDING', :to, :reason, :actor::text, :providerStatus::text,
           :price, :currency FROM changed),
  slot AS (
    UPDATE otp_number_slots s
       SET live_request_id = CASE WHEN :to = 'PENDING' OR s.live_request_id IS DISTINCT FROM r.id THEN s.live_request_id END,
           live_until = CASE WHEN :to = 'PENDING' OR s.live_request_id IS DISTINCT FROM r.id THEN s.live_until END,
           -- A right code ends the row of wrong ones; a code that was not judged is not one.
           wrong_codes = CASE WHEN :to = 'VERIFIED' THEN 0
                              WHEN :isNotJudged AND NOT r.counted_by_caller THEN greatest(s.wrong_codes - 1, 0)
                              ELSE s.wrong_codes END,
           wait_until = CASE WHEN :to <> 'VERIFIED' AND NOT :isNotJudged THEN s.wait_until END,
           locked_at = CASE WHEN :to <> 'VERIFIED' AND NOT :isNotJudged THEN s.locked_at END
      FROM changed r
     WHERE s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for
       AND (:to <> 'PENDING' OR :isNotJudged)
    RETURNING 1),
  counted_user AS (
    UPDATE otp_user_wrong_codes u
       SET wrong_codes = CASE WHEN :to = 'VERIFIED' THEN 0 ELSE greatest(u.wrong_codes - 1, 0) END,
           wait_until = NULL, locked_at = NULL
      FROM changed r
     WHERE u.user_id = r.user_id AND u.confirmed = (r.confirmed_for <> '') AND NOT r.counted_by_caller
       AND (:to = 'VERIFIED' OR :isNotJudged) AND (SELECT count(*) FROM slot) >= 0)
  SELECT ${REQUEST_COLUMNS} FROM changed r`,
);

export const ACCEPT_LATE_VERDICT = statement<{ id: string; codes: Buffer[] }, VerificationRecord>(
  'accept-late-verdict',
  `
  UPDATE otp_verification_requests r SET doubt_fingerprint = NULL
   WHERE r.id = :id AND r.status = 'VERIFIED' AND r.expires_at > clock_timestamp()
     AND r.doubt_fingerprint = ANY(:codes::bytea[])
  RETURNING ${REQUEST_COLUMNS}`,
);

export const FIND_BY_ID = statement<{ id: string }, RequestWithWait>(
  'find-by-id',
  `
  SELECT ${REQUEST_COLUMNS}, greatest(s.wait_until, u.wait_until) AS wait_until,
         s.locked_at IS NOT NULL OR u.locked_at IS NOT NULL AS is_locked
    FROM otp_verification_requests r
    LEFT JOIN otp_number_slots s ON s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for
    LEFT JOIN otp_user_wrong_codes u ON u.user_id = r.user_id AND u.confirmed = (r.confirmed_for <> '')
   WHERE r.id = :id`,
);
