import { Injectable } from '@nestjs/common';
import { StatementRunner, statement } from '../../database/statement.js';
import type { Channel } from '../domain/phone-number.js';
import type { Actor, EventType } from '../domain/verification-event.js';
import type { VerificationRecord } from '../domain/verification-record.js';
import { REQUEST_COLUMNS } from '../request-columns.js';

/** A request that is leased for a further message. */
export interface ClaimedResend extends VerificationRecord {
  /** It is not known whether the message before went out. */
  earlierSendLost: boolean;
  /** The channel of the message before. */
  previousChannel: Channel;
}

/** The outcome of a further message. */
export interface ResendChange {
  event: EventType & ('resent' | 'resend-rejected' | 'resend-unknown');
  providerRequestId?: string;
  ttlSeconds?: number;
  /** Before the next message can be asked for. */
  waitSeconds: number;
  actor: Actor;
  providerStatus: string;
}

/** Further messages in Postgres. `null` means that the row was not in the state that the change starts from. */
@Injectable()
export class ResendRepository {
  constructor(private readonly statements: StatementRunner) {}

  /** Counts one more message, unless the last one was lost, and takes the lease. */
  claim(given: {
    id: string;
    purpose: string;
    callers: Buffer[];
    token: string;
    leaseSeconds: number;
    channel: Channel | null;
  }): Promise<ClaimedResend | null> {
    return this.statements.one(CLAIM_RESEND, given);
  }

  /** Prolongs the lease for another call. @returns false when somebody else has taken the request over */
  async renew(id: string, token: string, leaseSeconds: number): Promise<boolean> {
    return (await this.statements.one(RENEW_RESEND, { id, token, leaseSeconds })) !== null;
  }

  /**
   * Writes the outcome of the message, if the lease is still held.
   * - `resent`: a new code with a new lifetime. Wrong codes stay counted.
   * - `resend-rejected`: no message went out, and the old code still stands.
   * - `resend-unknown`: the outcome is unknown. Codes are not accepted until a further message settles it.
   */
  finish(
    { id, previousChannel }: ClaimedResend,
    token: string,
    change: ResendChange,
  ): Promise<VerificationRecord | null> {
    return this.statements.one(FINISH_RESEND, {
      providerRequestId: null,
      ttlSeconds: 0,
      ...change,
      id,
      token,
      previousChannel,
    });
  }
}

export const CLAIM_RESEND = statement<
  {
    id: string;
    purpose: string;
    callers: Buffer[];
    token: string;
    leaseSeconds: number;
    channel: Channel | null;
  },
  ClaimedResend
>(
  'claim-resend',
  `
  WITH before AS (
    SELECT r.id, r.channel, r.send_lease_until IS NOT NULL AS is_lost
      FROM otp_verification_requests r
      LEFT JOIN otp_number_slots s ON s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for
      LEFT JOIN otp_user_wrong_codes u ON u.user_id = r.user_id AND u.confirmed = (r.confirmed_for <> '')
     WHERE r.id = :id AND r.purpose = :purpose AND r.status = 'PENDING' AND r.expires_at > clock_timestamp()
       AND (NOT r.caller_bound OR r.caller_fingerprint = ANY(:callers::bytea[]))
       AND r.attempts < r.max_attempts AND (r.sends < r.max_sends OR r.send_lease_until IS NOT NULL)
       AND r.resend_available_at <= clock_timestamp() AND (r.lease_until IS NULL OR r.lease_until <= clock_timestamp())
       AND s.locked_at IS NULL AND u.locked_at IS NULL
       AND coalesce(greatest(s.wait_until, u.wait_until), '-infinity') <= clock_timestamp()
       FOR UPDATE OF r),
  changed AS (
    UPDATE otp_verification_requests r
       SET sends = r.sends + CASE WHEN b.is_lost THEN 0 ELSE 1 END, channel = coalesce(:channel::text, r.channel),
           events = r.events + 1, lease_token = :token, claim_fingerprint = NULL,
           doubt_fingerprint = CASE
             WHEN r.lease_token IS NULL OR r.claim_fingerprint IS NULL THEN r.doubt_fingerprint
             WHEN r.doubt_fingerprint IS NULL OR r.doubt_fingerprint = r.claim_fingerprint THEN r.claim_fingerprint
             ELSE ''::bytea END,
           lease_until = clock_timestamp() + make_interval(secs => :leaseSeconds),
           send_lease_until = clock_timestamp() + make_interval(secs => :leaseSeconds)
      FROM before b
     WHERE r.id = b.id
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, actor)
    SELECT id, events, now(), 'resend-claimed', 'PENDING', 'PENDING', 'caller' FROM changed)
  SELECT ${REQUEST_COLUMNS}, b.is_lost AS earlier_send_lost, b.channel AS previous_channel
    FROM changed r JOIN before b ON b.id = r.id`,
);

export const RENEW_RESEND = statement<{ id: string; token: string; leaseSeconds: number }, { id: string }>(
  'renew-resend',
  `
  UPDATE otp_verification_requests r
     SET lease_until = clock_timestamp() + make_interval(secs => :leaseSeconds),
         send_lease_until = clock_timestamp() + make_interval(secs => :leaseSeconds)
   WHERE r.id = :id AND r.lease_token = :token AND r.status = 'PENDING'
  RETURNING r.id`,
);

export const FINISH_RESEND = statement<
  Omit<ResendChange, 'providerRequestId' | 'ttlSeconds'> & {
    id: string;
    token: string;
    previousChannel: Channel;
    providerRequestId: string | null;
    ttlSeconds: number;
  },
  VerificationRecord
>(
  'finish-resend',
  `
  WITH changed AS (
    UPDATE otp_verification_requests r
       SET events = r.events + 1, lease_token = NULL, lease_until = NULL,
           resend_available_at = clock_timestamp() + make_interval(secs => :waitSeconds),
           send_lease_until = CASE WHEN :event::text = 'resend-unknown' THEN clock_timestamp() END,
           sends = r.sends - CASE WHEN :event = 'resend-rejected' THEN 1 ELSE 0 END,
           channel = CASE WHEN :event = 'resend-rejected' THEN :previousChannel::text ELSE r.channel END,
           sent_at = CASE WHEN :event = 'resent' THEN clock_timestamp() ELSE r.sent_at END,
           -- With a new code the old one is dead, and so is every doubt about it.
           provider_request_id = CASE WHEN :event = 'resent' THEN :providerRequestId::text ELSE r.provider_request_id END,
           expires_at = CASE WHEN :event = 'resent' THEN clock_timestamp() + make_interval(secs => :ttlSeconds) ELSE r.expires_at END,
           check_in_doubt = CASE WHEN :event = 'resent' THEN false ELSE r.check_in_doubt END,
           provider_verdict = CASE WHEN :event = 'resent' THEN NULL ELSE r.provider_verdict END,
           doubt_fingerprint = CASE WHEN :event = 'resent' THEN NULL ELSE r.doubt_fingerprint END
     WHERE r.id = :id AND r.lease_token = :token AND r.status = 'PENDING'
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events
      (request_id, number, at, type, from_status, to_status, actor, provider_status, provider_request_id)
    SELECT id, events, now(), :event, 'PENDING', 'PENDING', :actor::text, :providerStatus::text, :providerRequestId
      FROM changed),
  slot AS (
    UPDATE otp_number_slots s SET live_until = r.expires_at
      FROM changed r
     WHERE :event = 'resent' AND s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for
       AND s.live_request_id = r.id)
  SELECT ${REQUEST_COLUMNS} FROM changed r`,
);
