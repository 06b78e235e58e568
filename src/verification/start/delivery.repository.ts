import { Injectable } from '@nestjs/common';
import { StatementRunner, statement } from '../../database/statement.js';
import type { EndReason } from '../domain/lifecycle.js';
import type { Actor } from '../domain/verification-event.js';
import type { VerificationRecord } from '../domain/verification-record.js';
import { REQUEST_COLUMNS } from '../request-columns.js';

/** The outcome of a first message. `unknown`: it may be out, and the next process to take the lease finds out. */
export type SendResult =
  | { event: 'sent'; providerRequestId: string; cooldownSeconds: number }
  | { event: 'send-unknown' }
  | { event: EndReason & ('send-rejected' | 'fraud-blocked' | 'send-lost') };

/** The columns that {@link DeliveryRepository.finishSend} changes. */
type SentColumns = Pick<
  VerificationRecord,
  'status' | 'reason' | 'providerRequestId' | 'sendLeaseUntil' | 'sentAt' | 'resendAvailableAt' | 'readAt'
>;

/** First messages in Postgres, from the provider's answer on. `null` means that somebody else was faster. */
@Injectable()
export class DeliveryRepository {
  constructor(private readonly statements: StatementRunner) {}

  /** Writes the outcome of the first message of a request in SENDING. */
  async finishSend(
    request: VerificationRecord,
    result: SendResult,
    actor: Actor,
    providerStatus: string,
  ): Promise<VerificationRecord | null> {
    const { event } = result;
    const to = event === 'sent' ? 'PENDING' : event === 'send-unknown' ? 'SENDING' : 'FAILED';
    const changed = await this.statements.one(FINISH_SEND, {
      id: request.id,
      to,
      event,
      reason: to === 'FAILED' ? event : null,
      providerRequestId: event === 'sent' ? result.providerRequestId : null,
      cooldownSeconds: event === 'sent' ? result.cooldownSeconds : null,
      actor,
      providerStatus,
    });
    return changed && { ...request, ...changed };
  }

  /**
   * Attaches a request in SENDING to the message that the provider says is in flight for its number, if our own rows
   * explain that message.
   * @param isOwnSendLost an earlier send of this very request may have reached the provider
   */
  adopt(
    id: string,
    providerRequestId: string,
    isOwnSendLost: boolean,
    cooldownSeconds: number,
    actor: Actor,
  ): Promise<VerificationRecord | null> {
    return this.statements.one(ADOPT_MESSAGE, {
      id,
      providerRequestId,
      isOwnSendLost,
      cooldownSeconds,
      actor,
    });
  }

  /**
   * Takes over a message whose answer never came, once the lease of the process that sent it is over. Instances that
   * look at the same moment get different ones.
   * @param given `id` for that request only; `token` becomes the lease of a further message
   */
  claimLost(given: {
    id: string | null;
    token: string;
    leaseSeconds: number;
    createdWithinSeconds: number;
    actor: Actor;
  }): Promise<VerificationRecord | null> {
    return this.statements.one(CLAIM_LOST_MESSAGE, given);
  }

  /** The request behind the message that the provider has in flight, if it may end for the sake of request `id`. */
  findInFlight(id: string, providerRequestId: string): Promise<VerificationRecord | null> {
    return this.statements.one(FIND_IN_FLIGHT, { id, providerRequestId });
  }
}

export const FINISH_SEND = statement<
  {
    id: string;
    to: string;
    event: string;
    reason: string | null;
    providerRequestId: string | null;
    cooldownSeconds: number | null;
    actor: Actor;
    providerStatus: string;
  },
  SentColumns
>(
  'finish-send',
  `
  WITH changed AS (
    UPDATE otp_verification_requests r
       SET status = :to::text, reason = :reason::text, events = r.events + 1,
           provider_request_id = :providerRequestId::text,
           send_lease_until = CASE WHEN :to = 'SENDING' THEN clock_timestamp() END,
           sent_at = CASE WHEN :to = 'PENDING' THEN clock_timestamp() END,
           resend_available_at = clock_timestamp() + make_interval(secs => :cooldownSeconds::float8),
           ended_at = CASE WHEN :to = 'FAILED' THEN clock_timestamp() END
     WHERE r.id = :id AND r.status = 'SENDING'
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events
      (request_id, number, at, type, from_status, to_status, reason, actor, provider_status, provider_request_id)
    SELECT id, events, now(), :event::text, 'SENDING', :to, :reason, :actor::text, :providerStatus::text, :providerRequestId
      FROM changed),
  slot AS (
    UPDATE otp_number_slots s SET live_request_id = NULL, live_until = NULL
      FROM changed r
     WHERE :to = 'FAILED' AND s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for
       AND s.live_request_id = r.id)
  SELECT status, reason, provider_request_id, send_lease_until, sent_at, resend_available_at, clock_timestamp() AS read_at
    FROM changed`,
);

/** Wrong codes that were already tried on the message stay spent, and the request does not outlive its code. */
export const ADOPT_MESSAGE = statement<
  {
    id: string;
    providerRequestId: string;
    isOwnSendLost: boolean;
    cooldownSeconds: number;
    actor: Actor;
  },
  VerificationRecord
>(
  'adopt-message',
  `
  WITH earlier AS (
    SELECT max(o.attempts) FILTER (WHERE o.provider_request_id = :providerRequestId) AS attempts,
           min(o.expires_at) FILTER (WHERE o.provider_request_id = :providerRequestId) AS expires_at,
           max(o.sent_at) FILTER (WHERE o.provider_request_id = :providerRequestId) AS sent_at,
           bool_or(o.provider_request_id = :providerRequestId) AS is_known,
           bool_or(o.send_lease_until IS NOT NULL) AS is_lost
      FROM otp_verification_requests o, otp_verification_requests self
     WHERE self.id = :id AND o.phone_fingerprint = self.phone_fingerprint AND o.id <> self.id
       AND o.purpose = self.purpose AND o.user_id IS NOT DISTINCT FROM self.user_id
       AND o.created_at > now() - interval '1 hour'),
  changed AS (
    UPDATE otp_verification_requests r
       SET status = 'PENDING', provider_request_id = :providerRequestId::text, send_lease_until = NULL, events = r.events + 1,
           attempts = greatest(r.attempts, coalesce(e.attempts, 0)),
           expires_at = least(r.expires_at, coalesce(e.expires_at, r.expires_at)),
           sent_at = coalesce(e.sent_at, r.created_at),
           resend_available_at = clock_timestamp() + make_interval(secs => :cooldownSeconds)
      FROM earlier e
     WHERE r.id = :id AND r.status = 'SENDING' AND (:isOwnSendLost::bool OR e.is_known OR e.is_lost)
       AND coalesce(e.attempts, 0) < r.max_attempts AND coalesce(e.expires_at, r.expires_at) > clock_timestamp()
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events
      (request_id, number, at, type, from_status, to_status, actor, provider_status, provider_request_id)
    SELECT id, events, now(), 'adopted', 'SENDING', 'PENDING', :actor::text, 'already-pending', :providerRequestId
      FROM changed),
  slot AS (
    UPDATE otp_number_slots s SET live_until = r.expires_at
      FROM changed r
     WHERE s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for AND s.live_request_id = r.id)
  SELECT ${REQUEST_COLUMNS} FROM changed r`,
);

/** The BRIN index on created_at keeps the search to the newest rows. */
export const CLAIM_LOST_MESSAGE = statement<
  {
    id: string | null;
    token: string;
    leaseSeconds: number;
    createdWithinSeconds: number;
    actor: Actor;
  },
  VerificationRecord
>(
  'claim-lost-message',
  `
  WITH lost AS (
    SELECT r.id, r.status FROM otp_verification_requests r
     WHERE r.created_at > now() - make_interval(secs => :createdWithinSeconds) AND r.status IN ('SENDING', 'PENDING')
       AND r.send_lease_until <= clock_timestamp() AND r.expires_at > clock_timestamp()
       AND (r.lease_until IS NULL OR r.lease_until <= clock_timestamp())
       AND (:id::uuid IS NULL OR r.id = :id AND r.status = 'SENDING')
     ORDER BY r.send_lease_until FOR UPDATE SKIP LOCKED LIMIT 1),
  changed AS (
    UPDATE otp_verification_requests r
       SET send_lease_until = clock_timestamp() + make_interval(secs => :leaseSeconds), events = r.events + 1,
           -- A further message also holds the lease of checks.
           lease_token = CASE WHEN lost.status = 'PENDING' THEN :token::uuid END,
           lease_until = CASE WHEN lost.status = 'PENDING' THEN clock_timestamp() + make_interval(secs => :leaseSeconds) END,
           doubt_fingerprint = CASE
             WHEN r.lease_token IS NULL OR r.claim_fingerprint IS NULL THEN r.doubt_fingerprint
             WHEN r.doubt_fingerprint IS NULL OR r.doubt_fingerprint = r.claim_fingerprint THEN r.claim_fingerprint
             ELSE ''::bytea END,
           claim_fingerprint = NULL
      FROM lost
     WHERE r.id = lost.id
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, actor)
    SELECT id, events, now(), 'send-retried', status, status, :actor::text FROM changed)
  SELECT ${REQUEST_COLUMNS} FROM changed r`,
);

/** A stranger's request to the same number, or one of the same user that is over here. */
export const FIND_IN_FLIGHT = statement<{ id: string; providerRequestId: string }, VerificationRecord>(
  'find-in-flight',
  `
  SELECT ${REQUEST_COLUMNS}
    FROM otp_verification_requests r JOIN otp_verification_requests self ON self.id = :id
   WHERE self.confirmed_for <> '' AND r.phone_fingerprint = self.phone_fingerprint AND r.id <> self.id
     AND (r.confirmed_for = '' OR r.confirmed_for = self.confirmed_for AND r.status NOT IN ('SENDING', 'PENDING'))
     AND r.provider_request_id = :providerRequestId AND r.created_at > now() - interval '1 hour'
   ORDER BY r.created_at DESC LIMIT 1`,
);
