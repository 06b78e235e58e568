import { Injectable } from '@nestjs/common';
import { StatementRunner, statement } from '../../database/statement.js';
import type { Channel } from '../domain/phone-number.js';
import type { VerificationContext, VerificationRecord } from '../domain/verification-record.js';
import { REQUEST_COLUMNS } from '../request-columns.js';
import { type CounterParameters, countersOf, type Taken } from './counters.repository.js';
import type { MessageRule } from './message-rules.js';

/** A request that does not exist yet. */
export interface NewRequest {
  id: string;
  purpose: string;
  channel: Channel;
  sealedNumber: string;
  phoneFingerprint: Buffer;
  phoneCountry: string;
  phoneLastDigits: string;
  prefixFingerprint: Buffer;
  confirmedFor: string;
  userId: string | null;
  callerFingerprint: Buffer;
  callerBound: boolean;
  proverFingerprint: Buffer | null;
  callerAddress: string | null;
  callerAgent: string | null;
  countedByCaller: boolean;
  context: VerificationContext | null;
  locale: string | null;
  brand: string | null;
  codeLength: number;
  maxAttempts: number;
  maxSends: number;
  ttlSeconds: number;
  provider: string;
  sendLeaseSeconds: number;
}

/** The times of a new request, or nulls where none was made; and what was counted in any case. */
type StartedRow = Taken & {
  createdAt: Date | null;
  expiresAt: Date;
  sendLeaseUntil: Date;
  readAt: Date;
};

/** What can prevent a start, besides the rules. */
export interface Situation {
  waitUntil: Date | null;
  isLocked: boolean;
  /** The number's live request, or the time for which the number is held without one. */
  liveUntil: Date | null;
  live: VerificationRecord | null;
  readAt: Date;
}

@Injectable()
export class StartRepository {
  constructor(private readonly statements: StatementRunner) {}

  /**
   * Counts the message, takes the number's slot and writes the request, in one statement: all of it, or only some of the
   * counting, which the caller then gives back.
   * @returns `request` is null when something prevented the start; {@link readSituation} says what
   */
  async start(
    request: NewRequest,
    rules: readonly MessageRule[],
  ): Promise<{ request: VerificationRecord | null; taken: Taken }> {
    const row = (await this.statements.one(START, {
      ...request,
      ...countersOf(rules),
      context: request.context && JSON.stringify(request.context),
    }))!;
    const { createdAt, expiresAt, sendLeaseUntil, readAt, ...taken } = row;
    if (createdAt === null) return { request: null, taken };
    const created: VerificationRecord = {
      ...request,
      status: 'SENDING',
      reason: null,
      attempts: 0,
      sends: 1,
      providerRequestId: null,
      sendLeaseUntil,
      leaseUntil: null,
      isLeased: false,
      checkInDoubt: false,
      providerVerdict: null,
      sentAt: null,
      resendAvailableAt: null,
      createdAt,
      expiresAt,
      verifiedAt: null,
      readAt,
    };
    return { request: created, taken };
  }

  /** Reads again what prevents a start: a start at the same moment has committed by now. */
  async readSituation(
    phoneFingerprint: Buffer,
    confirmedFor: string,
    userId: string | null,
  ): Promise<Situation> {
    const row = (await this.statements.one(READ_SITUATION, { phoneFingerprint, confirmedFor, userId }))!;
    const live = row.id === null ? null : (row as VerificationRecord);
    const { waitUntil, isLocked, liveUntil, readAt } = row;
    return { waitUntil, isLocked, liveUntil, live, readAt };
  }
}

export const START = statement<
  Omit<NewRequest, 'context'> & CounterParameters & { context: string | null },
  StartedRow
>(
  'start',
  `
  WITH wanted AS (
    SELECT * FROM unnest(:scopes::text[], :keys::bytea[], :seconds::int[], :kept::int[])
               AS w(scope, key, seconds, kept)),
  -- A look without locks: what is refused anyway counts nothing and waits for nobody.
  hopeful AS (
    SELECT 1
     WHERE NOT EXISTS (SELECT 1 FROM wanted w JOIN otp_rate_counters c USING (scope, key, seconds)
                        WHERE c.moments[w.kept] > now() - make_interval(secs => w.seconds))
       AND NOT EXISTS (SELECT 1 FROM otp_number_slots s
                        WHERE s.phone_fingerprint = :phoneFingerprint AND s.confirmed_for = :confirmedFor
                          AND (s.live_until > clock_timestamp() OR s.wait_until > clock_timestamp() OR s.locked_at IS NOT NULL))
       AND NOT EXISTS (SELECT 1 FROM otp_user_wrong_codes u
                        WHERE u.user_id = :userId::text AND u.confirmed = (:confirmedFor <> '')
                          AND (u.wait_until > clock_timestamp() OR u.locked_at IS NOT NULL))),
  counted AS (
    INSERT INTO otp_rate_counters AS c (scope, key, seconds, kept, moments)
    SELECT scope, key, seconds, kept, ARRAY[now()] FROM wanted, hopeful WHERE kept > 0 ORDER BY scope, key, seconds
    ON CONFLICT (scope, key, seconds) DO UPDATE
       SET kept = excluded.kept, moments = (now() || c.moments)[1 : least(excluded.kept, 1000)]
     WHERE c.moments[excluded.kept] IS NULL
        OR c.moments[excluded.kept] <= now() - make_interval(secs => excluded.seconds)
    RETURNING 1),
  -- The row of the number admits one request at a time. Whoever comes at the same moment waits here for our commit.
  slot AS (
    INSERT INTO otp_number_slots AS s (phone_fingerprint, confirmed_for, live_request_id, live_until)
    SELECT :phoneFingerprint, :confirmedFor, :id, clock_timestamp() + make_interval(secs => :ttlSeconds)
      FROM hopeful
     WHERE (SELECT count(*) FROM counted) = cardinality(:keys::bytea[])
    ON CONFLICT (phone_fingerprint, confirmed_for) DO UPDATE
       SET live_request_id = excluded.live_request_id, live_until = excluded.live_until
     WHERE (s.live_until IS NULL OR s.live_until <= clock_timestamp())
       AND (s.wait_until IS NULL OR s.wait_until <= clock_timestamp()) AND s.locked_at IS NULL
    RETURNING s.live_until),
  created AS (
    INSERT INTO otp_verification_requests
      (id, purpose, status, channel, phone_number, phone_fingerprint, phone_country, phone_last_digits, prefix_fingerprint,
       confirmed_for, user_id, caller_fingerprint, caller_bound, prover_fingerprint, caller_address, caller_agent,
       counted_by_caller, context, locale, brand, code_length, max_attempts, max_sends, provider, events,
       created_at, expires_at, send_lease_until)
    SELECT :id::uuid, :purpose::text, 'SENDING', :channel::text, :sealedNumber::text, :phoneFingerprint::bytea,
           :phoneCountry::text, :phoneLastDigits::text, :prefixFingerprint::bytea, :confirmedFor::text, :userId,
           :callerFingerprint::bytea, :callerBound::bool, :proverFingerprint::bytea, :callerAddress::text, :callerAgent::text,
           :countedByCaller::bool, :context::jsonb, :locale::text, :brand::text, :codeLength::smallint, :maxAttempts::smallint,
           :maxSends::smallint, :provider::text, 1, now(), slot.live_until, clock_timestamp() + make_interval(secs => :sendLeaseSeconds)
      FROM slot
    RETURNING id, created_at, expires_at, send_lease_until),
  event AS (
    INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, actor)
    SELECT id, 1, now(), 'started', NULL, 'SENDING', 'caller' FROM created)
  SELECT c.created_at, c.expires_at, c.send_lease_until, clock_timestamp() AS read_at, now()::text AS moment,
         (SELECT count(*)::int FROM counted) AS counters
    FROM (SELECT 1) AS one LEFT JOIN created c ON true`,
);

export const READ_SITUATION = statement<
  { phoneFingerprint: Buffer; confirmedFor: string; userId: string | null },
  Omit<Situation, 'live'> & (VerificationRecord | { id: null })
>(
  'read-situation',
  `
  SELECT greatest(s.wait_until, u.wait_until) AS wait_until, s.locked_at IS NOT NULL OR u.locked_at IS NOT NULL AS is_locked,
         CASE WHEN s.live_until > clock_timestamp() THEN s.live_until END AS live_until, ${REQUEST_COLUMNS}
    FROM (SELECT :phoneFingerprint::bytea AS phone, :confirmedFor::text AS confirmed_for, :userId::text AS user_id) k
    LEFT JOIN otp_number_slots s ON s.phone_fingerprint = k.phone AND s.confirmed_for = k.confirmed_for
    LEFT JOIN otp_user_wrong_codes u ON u.user_id = k.user_id AND u.confirmed = (k.confirmed_for <> '')
    LEFT JOIN otp_verification_requests r ON r.id = s.live_request_id AND s.live_until > clock_timestamp()`,
);
