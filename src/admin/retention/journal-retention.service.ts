import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';

/** What {@link JournalRetention.retire} deleted, by table, and the last seal that it retired. */
export interface RetiredSeals {
  rows: Record<string, number>;
  lastSeal: number | null;
}

interface Seal {
  number: number;
  lastXid: string;
  rowCount: number;
  newestAt: Date;
}

/** Events per transaction, unless one seal alone has more. */
const BATCH = 1000;
/** Seals looked at for a batch. */
const MOST_SEALS = 200;

/**
 * Deletes the events of whole seals, oldest first, and every request whose last event is gone. So the seals that are left
 * can still be verified. Stops at the first seal that has an event of a live request.
 */
@Injectable()
export class JournalRetention {
  constructor(@InjectLibraryDataSource() private readonly dataSource: DataSource) {}

  /** @returns how many requests and seals {@link retire} would take now */
  async count(limit: Date): Promise<Record<string, number>> {
    const [seals] = await rowsOf<{ count: number; lastXid: string }>(this.dataSource, OLD_SEALS, [limit]);
    if (seals!.count === 0) return {};
    const [requests] = await rowsOf<{ count: number }>(this.dataSource, OLD_REQUESTS, [
      limit,
      seals!.lastXid,
    ]);
    return { verification_requests: requests!.count, journal_seals: seals!.count };
  }

  /**
   * One batch, within the caller's transaction.
   * @param limit only seals all of whose events are older
   * @returns null when nothing is left
   */
  async retire(sql: EntityManager, limit: Date): Promise<RetiredSeals | null> {
    const seals = await this.retirable(sql, limit);
    const last = seals.at(-1);
    if (!last) return null;
    // Nobody may delete events or change seals, not even this role. The privilege is granted and revoked within one
    // transaction, so that no other one ever has it.
    await rowsIn(sql, 'GRANT DELETE ON otp_verification_events TO CURRENT_USER');
    await rowsIn(sql, 'GRANT UPDATE (retired_at, leaves) ON otp_journal_seals TO CURRENT_USER');
    const events = await rowsIn<{ id: string }>(sql, DELETE_EVENTS, [last.lastXid]);
    const ids = [...new Set(events.map(({ id }) => id))];
    const requests = (await rowsIn<{ id: string }>(sql, DELETE_REQUESTS, [ids])).map(({ id }) => id);
    const decisions = await rowsIn(sql, DELETE_DECISIONS, [requests]);
    await rowsIn(sql, RETIRE_SEALS, [seals[0]!.number, last.number]);
    await rowsIn(sql, 'REVOKE UPDATE (retired_at, leaves) ON otp_journal_seals FROM CURRENT_USER');
    await rowsIn(sql, 'REVOKE DELETE ON otp_verification_events FROM CURRENT_USER');
    return {
      rows: {
        verification_requests: requests.length,
        verification_events: events.length,
        decisions: decisions.length,
        journal_seals: seals.length,
      },
      lastSeal: last.number,
    };
  }

  /** The oldest seals with old events only, up to the first one that a live request needs. */
  private async retirable(sql: EntityManager, limit: Date): Promise<Seal[]> {
    const oldest = await rowsIn<Seal>(sql, OLDEST_SEALS, [MOST_SEALS]);
    const seals: Seal[] = [];
    let rows = 0;
    for (const seal of oldest) {
      if (seal.newestAt >= limit || (rows > 0 && rows + seal.rowCount > BATCH)) break;
      seals.push(seal);
      rows += seal.rowCount;
    }
    const last = seals.at(-1);
    if (!last) return [];
    const [live] = await rowsIn<{ xid: string }>(sql, FIRST_EVENT_OF_LIVE_REQUEST, [last.lastXid]);
    return live ? seals.filter(({ lastXid }) => BigInt(lastXid) < BigInt(live.xid)) : seals;
  }
}

const OLDEST_SEALS = `
  SELECT number, last_xid AS "lastXid", row_count AS "rowCount", newest_at AS "newestAt"
    FROM otp_journal_seals WHERE journal = 'verification' AND retired_at IS NULL
   ORDER BY number LIMIT $1`;

const FIRST_EVENT_OF_LIVE_REQUEST = `
  SELECT e.xid
    FROM otp_verification_events e JOIN otp_verification_requests r ON r.id = e.request_id
   WHERE e.xid <= $1::bigint AND r.status IN ('SENDING', 'PENDING') AND r.expires_at > clock_timestamp()
   ORDER BY e.xid LIMIT 1`;

const DELETE_EVENTS = `
  DELETE FROM otp_verification_events WHERE xid <= $1::bigint RETURNING request_id AS id`;

const DELETE_REQUESTS = `
  DELETE FROM otp_verification_requests r
   WHERE r.id = ANY($1::uuid[])
     AND NOT EXISTS (SELECT FROM otp_verification_events e WHERE e.request_id = r.id)
  RETURNING r.id`;

const DELETE_DECISIONS = 'DELETE FROM otp_decisions WHERE request_id = ANY($1::uuid[]) RETURNING 1';

const RETIRE_SEALS = `
  UPDATE otp_journal_seals SET retired_at = now(), leaves = ''
   WHERE journal = 'verification' AND number BETWEEN $1 AND $2`;

const OLD_SEALS = `
  SELECT count(*)::int AS count, max(last_xid) AS "lastXid"
    FROM otp_journal_seals s
   WHERE journal = 'verification' AND retired_at IS NULL
     AND number < coalesce((SELECT min(number) FROM otp_journal_seals
                             WHERE journal = 'verification' AND retired_at IS NULL AND newest_at >= $1), 2147483647)`;

const OLD_REQUESTS = `
  SELECT count(*)::int AS count
    FROM otp_verification_requests r
   WHERE r.created_at < $1 AND (r.status NOT IN ('SENDING', 'PENDING') OR r.expires_at <= clock_timestamp())
     AND NOT EXISTS (SELECT FROM otp_verification_events e WHERE e.request_id = r.id AND e.xid > $2::bigint)`;
