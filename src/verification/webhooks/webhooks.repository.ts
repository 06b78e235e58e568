import { Injectable } from '@nestjs/common';
import { StatementRunner, statement } from '../../database/statement.js';
import type { VerificationRecord } from '../domain/verification-record.js';
import { REQUEST_COLUMNS } from '../request-columns.js';

/** A provider's notification, as it is written down. */
export interface ReceivedNotification {
  /** Of the exact bytes: the same ones again are the same notification. */
  payloadHash: Buffer;
  /** When it was signed, in seconds since 1970. */
  signedAt: number;
  longestWaySeconds: number;
  /** Our own id; null when it is not about a request of ours. */
  id: string | null;
  providerRequestId: string;
  verdict: string | null;
  description: string;
  price: string | null;
  currency: string | null;
}

@Injectable()
export class WebhooksRepository {
  constructor(private readonly statements: StatementRunner) {}

  /**
   * Takes a notification once, if it is young enough, and writes what it says into its request. Decides nothing: a request
   * in a final state only gets its price.
   * @returns whether it is young enough, and the request that it changed
   */
  async receive(
    notification: ReceivedNotification,
  ): Promise<{ isYoung: boolean; request: VerificationRecord | null }> {
    const row = (await this.statements.one(RECEIVE_NOTIFICATION, notification))!;
    return { isYoung: row.isYoung, request: row.id === null ? null : row };
  }
}

export const RECEIVE_NOTIFICATION = statement<
  ReceivedNotification,
  { isYoung: boolean } & (VerificationRecord | { id: null })
>(
  'receive-notification',
  `
  WITH age AS (
    SELECT abs(extract(epoch FROM clock_timestamp()) - :signedAt::float8) <= :longestWaySeconds::float8 AS is_young),
  receipt AS (
    INSERT INTO otp_webhook_receipts (payload_hash, received_at)
    SELECT :payloadHash, clock_timestamp() FROM age WHERE is_young
    ON CONFLICT DO NOTHING RETURNING 1),
  before AS (
    SELECT r.id, r.status FROM otp_verification_requests r
     WHERE r.id = :id::uuid AND EXISTS (SELECT 1 FROM receipt) FOR UPDATE),
  changed AS (
    UPDATE otp_verification_requests r
       SET events = r.events + 1,
           provider_verdict = CASE
             WHEN r.provider_request_id IS NULL OR r.provider_request_id = :providerRequestId::text
             THEN coalesce(:verdict::text, r.provider_verdict) ELSE r.provider_verdict END,
           price = coalesce(:price::numeric + coalesce(r.price, 0), r.price), currency = coalesce(:currency::text, r.currency)
      FROM before b
     WHERE r.id = b.id
    RETURNING r.*),
  event AS (
    INSERT INTO otp_verification_events
      (request_id, number, at, type, from_status, to_status, actor, provider_status, price, currency)
    SELECT id, events, now(), 'reported', status, status, 'provider', :description::text, :price, :currency FROM changed)
  SELECT age.is_young, ${REQUEST_COLUMNS} FROM age LEFT JOIN changed r ON true`,
);
