import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

export interface Alteration {
  requestId: string;
  /** Of the first event that is not as it was written; one more than the last when the end is missing. */
  number: number;
  at: Date | null;
  what: 'altered' | 'missing' | 'cut-off';
}

export interface AuditReport {
  requests: number;
  events: number;
  /** The first ones found, at most 100, oldest request first; empty: nobody has touched the journal. */
  alterations: Alteration[];
}

const BATCH = 5000;
const MOST_ALTERATIONS = 100;

interface BatchRow {
  requestId: string;
  events: number;
  number: number | null;
  at: Date | null;
  what: Alteration['what'] | null;
}

/**
 * Recomputes every link: the hash of an event covers its content and the hash before it, and a request knows the number
 * and the hash of its last event. So a changed, removed, inserted or reordered event breaks its request's chain there.
 */
@Injectable()
export class JournalAuditor {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @param report called after every batch with the number of requests looked at */
  async run(report: (requests: number) => void = () => undefined): Promise<AuditReport> {
    const result: AuditReport = { requests: 0, events: 0, alterations: [] };
    let after: string | null = null;
    for (;;) {
      const rows: BatchRow[] = await this.dataSource.query<BatchRow[]>(BATCH_SQL, [after, BATCH]);
      if (rows.length === 0) break;
      for (const { requestId, number, at, what, events } of rows) {
        result.events += events;
        if (what && result.alterations.length < MOST_ALTERATIONS) {
          result.alterations.push({ requestId, number: number ?? 1, at, what });
        }
      }
      result.requests += rows.length;
      after = rows.at(-1)!.requestId;
      report(result.requests);
    }
    const orphans = await this.dataSource.query<Alteration[]>(ORPHANS_SQL);
    result.alterations.push(...orphans.slice(0, MOST_ALTERATIONS - result.alterations.length));
    return result;
  }
}

/** Per request the first broken link, if any. */
const BATCH_SQL = `
  WITH batch AS (
    SELECT id, events, event_hash FROM verification_requests
     WHERE $1::uuid IS NULL OR id > $1::uuid ORDER BY id LIMIT $2),
  links AS (
    SELECT e.request_id, e.number, e.at, e.hash,
           row_number() OVER w AS expected_number,
           verification_event_hash(lag(e.hash) OVER w, e.request_id, e.number, e.at, e.type, e.from_status, e.to_status,
             e.reason, e.actor, e.provider_status, e.price, e.currency, e.provider_request_id) AS expected_hash
      FROM verification_events e JOIN batch b ON b.id = e.request_id
    WINDOW w AS (PARTITION BY e.request_id ORDER BY e.number)),
  broken AS (
    SELECT DISTINCT ON (request_id) request_id,
           CASE WHEN number <> expected_number THEN expected_number ELSE number END AS number, at,
           CASE WHEN number <> expected_number THEN 'missing' ELSE 'altered' END AS what
      FROM links WHERE number <> expected_number OR hash <> expected_hash
     ORDER BY request_id, number),
  ends AS (
    SELECT request_id, count(*)::int AS events, max(number) AS last, (array_agg(hash ORDER BY number DESC))[1] AS hash
      FROM links GROUP BY request_id)
  SELECT b.id AS "requestId", coalesce(e.events, 0) AS events,
         CASE WHEN x.request_id IS NOT NULL THEN x.number::int
              WHEN coalesce(e.last, 0) <> b.events THEN coalesce(e.last, 0) + 1
              WHEN e.hash IS DISTINCT FROM b.event_hash THEN e.last END AS number,
         x.at,
         CASE WHEN x.request_id IS NOT NULL THEN x.what
              WHEN coalesce(e.last, 0) <> b.events THEN 'cut-off'
              WHEN e.hash IS DISTINCT FROM b.event_hash THEN 'altered' END AS what
    FROM batch b LEFT JOIN ends e ON e.request_id = b.id LEFT JOIN broken x ON x.request_id = b.id
   ORDER BY b.id`;

/** Events of a request that is gone or never was. */
const ORPHANS_SQL = `
  SELECT e.request_id AS "requestId", e.number, e.at, 'altered' AS what
    FROM verification_events e
   WHERE NOT EXISTS (SELECT 1 FROM verification_requests r WHERE r.id = e.request_id)
   ORDER BY e.request_id, e.number LIMIT ${MOST_ALTERATIONS}`;
