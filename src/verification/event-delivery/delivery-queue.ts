import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import type { VerificationEvent } from '../domain/verification-event.js';
import { EVENT } from '../journal/events-of-batch.js';

/** An event that this instance delivers now. */
export interface ClaimedDelivery {
  id: string;
  /** This try included. Another instance that takes it over counts on, so the number names this claim. */
  tries: number;
  /** Null when retention has deleted it. */
  event: VerificationEvent | null;
}

/** Names an event of the journal. */
export type EventKey = Pick<VerificationEvent, 'requestId' | 'number'>;

/** How much there is to deliver. */
export interface DeliveryBacklog {
  waiting: number;
  /** The age of the oldest one that waits, in seconds; 0 if there is none. */
  seconds: number;
  dead: number;
}

/** An event that was given up. */
export interface DeadLetter {
  id: string;
  requestId: string;
  number: number;
  type: string;
  tries: number;
  error: string;
  queuedAt: Date;
  deadAt: Date;
}

/** The events that wait for the webhook, and the dead letters. */
@Injectable()
export class DeliveryQueue {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  /** Queues events within the transaction that moves the reader of the journal. Those that wait already stay. */
  async add(sql: EntityManager, events: readonly VerificationEvent[]): Promise<void> {
    const columns = [events.map(({ requestId }) => requestId), events.map(({ number }) => number)];
    await rowsIn(sql, ADD, columns);
  }

  /**
   * Claims events that are due, and of each request only the first one, so that its events stay in order.
   * @param leaseSeconds after which another instance takes them over
   */
  async claim(most: number, leaseSeconds: number): Promise<ClaimedDelivery[]> {
    const rows = await rowsOf<{ id: string; tries: number } & VerificationEvent>(this.dataSource, CLAIM, [
      most,
      leaseSeconds,
    ]);
    return rows.map(({ id, tries, ...event }) => ({ id, tries, event: event.type === null ? null : event }));
  }

  /** Ends a claim: the event is confirmed, or there is nothing to deliver any more. */
  async remove({ id, tries }: ClaimedDelivery): Promise<void> {
    await rowsOf(this.dataSource, REMOVE, [id, tries]);
  }

  /** Ends a claim without success. @param waitSeconds until the next try; null for a dead letter */
  async putBack({ id, tries }: ClaimedDelivery, error: string, waitSeconds: number | null): Promise<void> {
    await rowsOf(this.dataSource, PUT_BACK, [id, tries, error, waitSeconds]);
  }

  /** How much waits, and how much was given up. */
  async backlog(): Promise<DeliveryBacklog> {
    const [row] = await rowsOf<DeliveryBacklog>(this.dataSource, BACKLOG);
    return row!;
  }

  /** Newest first. @param after,before an id, for the next or the previous page */
  deadLetters(
    limit: number,
    { after, before }: { after?: string; before?: string } = {},
  ): Promise<DeadLetter[]> {
    const isBack = before !== undefined;
    return rowsOf(
      this.dataSource,
      `SELECT ${LETTER}
         FROM otp_event_deliveries d
         JOIN otp_verification_events e ON e.request_id = d.request_id AND e.number = d.number
        WHERE d.dead_at IS NOT NULL AND ($1::bigint IS NULL OR d.id ${isBack ? '>' : '<'} $1)
        ORDER BY d.id ${isBack ? 'ASC' : 'DESC'} LIMIT $2`,
      [before ?? after ?? null, limit],
    );
  }

  /** Delivers dead letters again, from the first try on. @param id of one; null for all of them. @returns their events */
  retry(sql: EntityManager, id: string | null): Promise<EventKey[]> {
    return rowsIn<EventKey>(sql, RETRY, [id]);
  }

  /** Deletes a dead letter. @returns its event; null when there is none */
  async discard(sql: EntityManager, id: string): Promise<EventKey | null> {
    const [row] = await rowsIn<EventKey>(sql, DISCARD, [id]);
    return row ?? null;
  }
}

const ADD = `
  INSERT INTO otp_event_deliveries (request_id, number, tries, next_at, queued_at)
  SELECT request_id, number, 0, now(), now()
    FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS event(request_id, number, place) ORDER BY place
  ON CONFLICT (request_id, number) DO NOTHING`;

const CLAIM = `
  WITH due AS (
    SELECT d.id FROM otp_event_deliveries d
     WHERE d.dead_at IS NULL AND d.next_at <= now()
       AND NOT EXISTS (SELECT FROM otp_event_deliveries earlier
                        WHERE earlier.request_id = d.request_id AND earlier.number < d.number AND earlier.dead_at IS NULL)
     ORDER BY d.next_at, d.id LIMIT $1 FOR UPDATE SKIP LOCKED),
  claimed AS (
    UPDATE otp_event_deliveries d SET tries = d.tries + 1, next_at = clock_timestamp() + make_interval(secs => $2)
      FROM due WHERE d.id = due.id RETURNING d.id, d.tries, d.request_id, d.number)
  SELECT c.id, c.tries, ${EVENT}
    FROM claimed c
    LEFT JOIN otp_verification_events e ON e.request_id = c.request_id AND e.number = c.number
    LEFT JOIN otp_verification_requests r ON r.id = c.request_id`;
const REMOVE = 'DELETE FROM otp_event_deliveries WHERE id = $1 AND tries = $2 AND dead_at IS NULL';
const PUT_BACK = `
  UPDATE otp_event_deliveries
     SET error = $3, next_at = clock_timestamp() + make_interval(secs => coalesce($4::float8, 0)),
         dead_at = CASE WHEN $4::float8 IS NULL THEN clock_timestamp() END
   WHERE id = $1 AND tries = $2 AND dead_at IS NULL`;
const BACKLOG = `
  SELECT count(*) FILTER (WHERE dead_at IS NULL)::int AS waiting, count(*) FILTER (WHERE dead_at IS NOT NULL)::int AS dead,
         coalesce(extract(epoch FROM clock_timestamp() - min(queued_at) FILTER (WHERE dead_at IS NULL)), 0)::float8 AS seconds
    FROM otp_event_deliveries`;
const LETTER = `
  d.id, d.request_id AS "requestId", d.number, e.type, d.tries, d.error, d.queued_at AS "queuedAt", d.dead_at AS "deadAt"`;
const RETRY = `
  UPDATE otp_event_deliveries SET dead_at = NULL, tries = 0, next_at = clock_timestamp(), queued_at = clock_timestamp()
   WHERE dead_at IS NOT NULL AND ($1::bigint IS NULL OR id = $1)
  RETURNING request_id AS "requestId", number`;
const DISCARD = `
  DELETE FROM otp_event_deliveries WHERE id = $1 AND dead_at IS NOT NULL RETURNING request_id AS "requestId", number`;
