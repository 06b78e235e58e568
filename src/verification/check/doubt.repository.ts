import { Injectable } from '@nestjs/common';
import { StatementRunner, statement } from '../../database/statement.js';
import type { VerificationRecord } from '../domain/verification-record.js';
import { REQUEST_COLUMNS } from '../request-columns.js';

/** Checks whose answer was lost. */
@Injectable()
export class DoubtRepository {
  constructor(private readonly statements: StatementRunner) {}

  /**
   * Leases a request whose check was never answered, also because its process died, to find out about it. Spends no
   * attempt and decides nothing yet, so it writes no event.
   */
  claimDoubt(given: {
    id: string | null;
    token: string;
    /** The provider can be asked. Otherwise only a webhook's verdict helps. */
    canAsk: boolean;
    leaseSeconds: number;
    createdWithinSeconds: number;
  }): Promise<VerificationRecord | null> {
    return this.statements.one(CLAIM_DOUBT, given);
  }

  /** Nobody knows yet. Lets go of the lease; the request is not looked at again for `seconds`. */
  askLater(id: string, token: string, seconds: number): Promise<VerificationRecord | null> {
    return this.statements.one(ASK_LATER, { id, token, seconds });
  }
}

export const CLAIM_DOUBT = statement<
  {
    id: string | null;
    token: string;
    canAsk: boolean;
    leaseSeconds: number;
    createdWithinSeconds: number;
  },
  VerificationRecord
>(
  'claim-doubt',
  `
  UPDATE otp_verification_requests r
     SET lease_token = :token, lease_until = clock_timestamp() + make_interval(secs => :leaseSeconds),
         check_in_doubt = r.check_in_doubt OR r.lease_token IS NOT NULL, claim_fingerprint = NULL,
         doubt_fingerprint = CASE
           WHEN r.lease_token IS NULL OR r.claim_fingerprint IS NULL THEN r.doubt_fingerprint
           WHEN r.doubt_fingerprint IS NULL OR r.doubt_fingerprint = r.claim_fingerprint THEN r.claim_fingerprint
           ELSE ''::bytea END -- two different codes in doubt: a verdict would belong to nobody
   WHERE r.id = (
     SELECT r.id FROM otp_verification_requests r
      WHERE r.created_at > now() - make_interval(secs => :createdWithinSeconds) AND r.status = 'PENDING'
        AND r.expires_at > clock_timestamp() AND r.send_lease_until IS NULL
        AND (r.lease_until IS NULL OR r.lease_until <= clock_timestamp())
        AND (:id::uuid IS NULL OR r.id = :id)
        AND ((r.check_in_doubt OR r.lease_token IS NOT NULL) AND (:canAsk::bool OR r.provider_verdict IS NOT NULL)
             OR r.provider_verdict <> 'verified')
      ORDER BY r.lease_until NULLS FIRST FOR UPDATE SKIP LOCKED LIMIT 1)
  RETURNING ${REQUEST_COLUMNS}`,
);

export const ASK_LATER = statement<{ id: string; token: string; seconds: number }, VerificationRecord>(
  'ask-later',
  `
  UPDATE otp_verification_requests r
     SET lease_token = NULL, lease_until = clock_timestamp() + make_interval(secs => :seconds)
   WHERE r.id = :id AND r.lease_token = :token AND r.status = 'PENDING'
  RETURNING ${REQUEST_COLUMNS}`,
);
