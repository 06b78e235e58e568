import { Injectable } from '@nestjs/common';
import { StatementRunner, statement } from '../../database/statement.js';
import type { EndReason } from '../domain/lifecycle.js';
import type { Actor } from '../domain/verification-event.js';
import type { VerificationRecord } from '../domain/verification-record.js';
import { REQUEST_COLUMNS } from '../request-columns.js';

/** Ends of requests that somebody asks for. `null` means that the request is over already, or not theirs. */
@Injectable()
export class CancelRepository {
  constructor(private readonly statements: StatementRunner) {}

  /** Ends a request that `callers` and `provers` may use. */
  cancel(request: { id: string; purpose: string; callers: Buffer[]; provers: Buffer[] }) {
    return this.end({ ...request, reason: 'cancelled-by-caller', actor: 'caller', isAnyone: false });
  }

  /** Ends a request for somebody other than its caller. */
  cancelFor(id: string, reason: EndReason, actor: Actor, holdSeconds = 0) {
    return this.end({ id, reason, actor, isAnyone: true, holdSeconds });
  }

  /** @returns the ids of the user's live requests, oldest first */
  async findLiveOfUser(userId: string, createdWithinSeconds: number): Promise<string[]> {
    const rows = await this.statements.all(FIND_LIVE_OF_USER, { userId, createdWithinSeconds });
    return rows.map(({ id }) => id);
  }

  private end(given: {
    id: string;
    reason: EndReason;
    actor: Actor;
    isAnyone: boolean;
    purpose?: string;
    callers?: Buffer[];
    provers?: Buffer[];
    holdSeconds?: number;
  }): Promise<VerificationRecord | null> {
    return this.statements.one(CANCEL, {
      purpose: '',
      callers: [],
      provers: [],
      holdSeconds: 0,
      ...given,
    });
  }
}

export const CANCEL = statement<
  {
    id: string;
    purpose: string;
    callers: Buffer[];
    provers: Buffer[];
    isAnyone: boolean;
    reason: EndReason;
    actor: Actor;
    holdSeconds: number;
  },
  VerificationRecord
>(
  'cancel',
  `
  WITH before AS (
    SELECT r.id, r.status FROM otp_verification_requests r WHERE r.id = :id FOR UPDATE),
  changed AS (
    UPDATE otp_verification_requests r
       SET status = 'CANCELLED', reason = :reason::text, ended_at = clock_timestamp(), events = r.events + 1,
           lease_token = NULL, lease_until = NULL, check_in_doubt = false, claim_fingerprint = NULL, doubt_fingerprint = NULL
      FROM before b
     WHERE r.id = b.id AND r.status IN ('SENDING', 'PENDING') AND r.expires_at > clock_timestamp()
       AND (:isAnyone::bool OR r.purpose = :purpose::text
            AND (NOT r.caller_bound OR r.caller_fingerprint = ANY(:callers::bytea[]))
            AND (r.prover_fingerprint IS NULL OR r.prover_fingerprint = ANY(:provers::bytea[])))
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, reason, actor)
    SELECT r.id, r.events, now(), 'cancelled', b.status, 'CANCELLED', :reason, :actor::text
      FROM changed r JOIN before b ON b.id = r.id),
  slot AS (
    -- Held a little longer without a request where somebody else's turn comes first.
    UPDATE otp_number_slots s
       SET live_request_id = NULL,
           live_until = CASE WHEN :holdSeconds::float8 > 0 THEN clock_timestamp() + make_interval(secs => :holdSeconds) END
      FROM changed r
     WHERE s.phone_fingerprint = r.phone_fingerprint AND s.confirmed_for = r.confirmed_for AND s.live_request_id = r.id)
  SELECT ${REQUEST_COLUMNS} FROM changed r`,
);

export const FIND_LIVE_OF_USER = statement<{ userId: string; createdWithinSeconds: number }, { id: string }>(
  'find-live-of-user',
  `
  SELECT r.id FROM otp_verification_requests r
   WHERE r.user_id = :userId AND r.created_at > now() - make_interval(secs => :createdWithinSeconds)
     AND r.status IN ('SENDING', 'PENDING')
   ORDER BY r.created_at`,
);
