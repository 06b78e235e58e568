import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { StatementRunner, statement } from '../../database/statement.js';
import { CodeMessage } from '../entities/code-message.entity.js';
import { IdempotencyKey } from '../entities/idempotency-key.entity.js';
import { WebhookReceipt } from '../entities/webhook-receipt.entity.js';

/** Requests that one statement ends. */
export const SWEEP_BATCH = 500;

/** Writes down what time has decided, and deletes what was only kept to recognise a repetition. */
@Injectable()
export class SweepRepository {
  constructor(
    private readonly statements: StatementRunner,
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
  ) {}

  /** @returns how many requests were over; with a whole {@link SWEEP_BATCH} there may be more */
  async endExpired(createdWithinSeconds: number): Promise<number> {
    return (await this.statements.all(SWEEP, { createdWithinSeconds })).length;
  }

  async deleteOldKeys(): Promise<void> {
    const old = (entity: typeof IdempotencyKey | typeof WebhookReceipt | typeof CodeMessage, where: string) =>
      this.dataSource.createQueryBuilder().delete().from(entity).where(where).execute();
    await old(IdempotencyKey, `created_at < clock_timestamp() - interval '1 day'`);
    await old(WebhookReceipt, `received_at < clock_timestamp() - interval '7 days'`);
    // Until then a check whose answer was lost can be looked up.
    await old(CodeMessage, `expires_at < clock_timestamp() - interval '1 hour'`);
  }
}

/** A check that was claimed in time may still finish. */
export const SWEEP = statement<{ createdWithinSeconds: number }, { id: string }>(
  'sweep',
  `
  WITH over AS (
    SELECT r.id, r.status FROM otp_verification_requests r
     WHERE r.created_at > now() - make_interval(secs => :createdWithinSeconds) AND r.status IN ('SENDING', 'PENDING')
       AND r.expires_at <= clock_timestamp() AND (r.lease_until IS NULL OR r.lease_until <= clock_timestamp())
     ORDER BY r.id FOR UPDATE SKIP LOCKED LIMIT ${SWEEP_BATCH}),
  changed AS (
    UPDATE otp_verification_requests r
       SET status = CASE over.status WHEN 'SENDING' THEN 'FAILED' ELSE 'EXPIRED' END,
           reason = CASE over.status WHEN 'SENDING' THEN 'send-lost' END,
           send_lease_until = NULL, ended_at = clock_timestamp(), events = r.events + 1,
           lease_token = NULL, lease_until = NULL, check_in_doubt = false, claim_fingerprint = NULL, doubt_fingerprint = NULL
      FROM over
     WHERE r.id = over.id
    RETURNING r.id, r.events, r.status, r.reason),
  event AS (
    INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, reason, actor)
    SELECT r.id, r.events, now(), CASE r.status WHEN 'FAILED' THEN 'send-lost' ELSE 'time-ran-out' END, over.status,
           r.status, r.reason, 'reconciler'
      FROM changed r JOIN over ON over.id = r.id)
  SELECT id FROM changed`,
);
