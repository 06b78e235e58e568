import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { InjectLibraryDataSource, LibraryDataSource } from '../../database/library-data-source.js';
import { rowsIn, rowsOf } from '../../database/sql.js';

/** What {@link JournalRetention.retire} deleted, by table, and the last seal that it retired. */
export interface RetiredSeals {
  rows: Record<string, number>;
  lastSeal: number | null;
}

/** The role of the application may not delete old events. */
export class MissingRightError extends Error {
  override name = 'MissingRightError';
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
  constructor(@InjectLibraryDataSource() private readonly dataSource: LibraryDataSource) {}

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
    const events = await this.withRights(sql, async () => {
      const deleted = await rowsIn<{ id: string }>(sql, DELETE_EVENTS, [last.lastXid]);
      await rowsIn(sql, RETIRE_SEALS, [seals[0]!.number, last.number]);
      return deleted;
    });
    const ids = [...new Set(events.map(({ id }) => id))];
    const requests = (await rowsIn<{ id: string }>(sql, DELETE_REQUESTS, [ids])).map(({ id }) => id);
    const decisions = await rowsIn(sql, DELETE_DECISIONS, [requests]);
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

  /**
   * Runs work with the right to delete events and to change seals, which no role has otherwise, not even the owner of the
   * tables. The owner grants it to itself within this transaction, so that no other one ever has it. Another role becomes the
   * role for retention (docs/operations.md) for as long as the work takes.
   */
  private async withRights<T>(sql: EntityManager, work: () => Promise<T>): Promise<T> {
    const [rights] = await rowsIn<{ isOwner: boolean; role: string | null }>(
      sql,
      RETENTION_RIGHTS,
      ['otp_verification_events', 'otp_journal_seals'].map((table) => this.dataSource.names.inSql(table)),
    );
    if (rights!.isOwner) {
      await rowsIn(sql, 'GRANT DELETE ON otp_verification_events TO CURRENT_USER');
      await rowsIn(sql, 'GRANT UPDATE (retired_at, leaves) ON otp_journal_seals TO CURRENT_USER');
      const result = await work();
      await rowsIn(sql, 'REVOKE UPDATE (retired_at, leaves) ON otp_journal_seals FROM CURRENT_USER');
      await rowsIn(sql, 'REVOKE DELETE ON otp_verification_events FROM CURRENT_USER');
      return result;
    }
    if (rights!.role === null)
      throw new MissingRightError(
        'the role of DATABASE_URL may not delete old requests: make it a member of a role for retention, see "Roles in Postgres" in docs/operations.md',
      );
    // A parameter, because a name that begins with otp_ would be taken for a table.
    await rowsIn(sql, `SELECT set_config('role', $1, true)`, [rights!.role]);
    const result = await work();
    await rowsIn(sql, 'RESET ROLE');
    return result;
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

/** The role for retention is one that this role may become, and that may delete events and change seals. */
export const RETENTION_RIGHTS = `
  SELECT pg_has_role(c.relowner, 'USAGE') AS "isOwner",
         (SELECT r.rolname FROM pg_roles r
           WHERE NOT r.rolsuper AND pg_has_role(r.oid, 'MEMBER')
             AND has_schema_privilege(r.oid, c.relnamespace, 'USAGE')
             AND has_table_privilege(r.oid, c.oid, 'DELETE')
             AND has_column_privilege(r.oid, $2::regclass, 'retired_at', 'UPDATE')
           ORDER BY r.rolname LIMIT 1) AS role
    FROM pg_class c WHERE c.oid = $1::regclass`;

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
