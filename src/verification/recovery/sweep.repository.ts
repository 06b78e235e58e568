import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsOf } from '../../database/sql.js';
import { StatementRunner, statement } from '../../database/statement.js';

/** Requests that one statement ends. */
export const SWEEP_BATCH = 500;
/** Rows that one statement deletes. */
const DELETE_BATCH = 1000;

const deleteOld = (table: string, key: string, where: string) => `
  DELETE FROM ${table} WHERE ${key} IN (
    SELECT ${key} FROM ${table} WHERE ${where} LIMIT ${DELETE_BATCH} FOR UPDATE SKIP LOCKED)
  RETURNING 1`;

const DELETE_OLD = [
  deleteOld('otp_idempotency_keys', 'key_fingerprint', `created_at < clock_timestamp() - interval '1 day'`),
  deleteOld('otp_webhook_receipts', 'payload_hash', `received_at < clock_timestamp() - interval '7 days'`),
  // Until then a check whose answer was lost can be looked up.
  deleteOld('otp_code_messages', 'id', `expires_at < clock_timestamp() - interval '1 hour'`),
];

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

  /** Deletes one batch of each table. @returns whether there may be more */
  async deleteOldKeys(): Promise<boolean> {
    let mayBeMore = false;
    for (const text of DELETE_OLD)
      if ((await rowsOf(this.dataSource, text)).length === DELETE_BATCH) mayBeMore = true;
    return mayBeMore;
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
