import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { rowsOf } from '../../database/sql.js';

export interface AuditAlteration {
  /** Of the entry that is not as it was written; of the first missing one where the end, or one between, is gone. */
  number: number;
  what: 'altered' | 'missing' | 'inserted' | 'cut-off';
}

export interface AuditChainReport {
  entries: number;
  /** The first ones found, at most 100; empty: nobody has touched the audit. */
  alterations: AuditAlteration[];
}

const MOST_ALTERATIONS = 100;

/**
 * Recomputes every link: the hash of an entry covers its content and the hash before it, and the head knows the last one.
 * So a changed, removed, inserted or reordered entry breaks the chain there.
 */
@Injectable()
export class AuditAuditor {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async run(): Promise<AuditChainReport> {
    const [report] = await rowsOf<{ entries: number; alterations: AuditAlteration[] }>(
      this.dataSource,
      VERIFY,
      [MOST_ALTERATIONS],
    );
    return report!;
  }
}

const VERIFY = `
  WITH links AS (
    SELECT a.number, a.hash, lag(a.number) OVER w AS previous,
           admin_audit_hash(lag(a.hash) OVER w, a.number, a.at, a.actor, a.action, a.target, a.reason, a.details) AS expected
      FROM admin_audit a WINDOW w AS (ORDER BY a.number)),
  head AS (SELECT number, hash FROM admin_audit_head),
  found AS (
    SELECT coalesce(l.previous, 0) + 1 AS number, 'missing' AS what
      FROM links l WHERE l.number <> coalesce(l.previous, 0) + 1
    UNION ALL
    SELECT l.number, CASE WHEN l.number > h.number THEN 'inserted' ELSE 'altered' END
      FROM links l, head h
     WHERE l.number > h.number OR l.hash <> l.expected AND l.number = coalesce(l.previous, 0) + 1
    UNION ALL
    SELECT coalesce(max(l.number), 0) + 1, 'cut-off' FROM links l
    HAVING coalesce(max(l.number), 0) < coalesce((SELECT number FROM head), 0)
    UNION ALL
    -- The last entry was written anew, hash and all.
    SELECT l.number, 'altered' FROM links l, head h
     WHERE l.number = h.number AND l.hash = l.expected AND l.hash IS DISTINCT FROM h.hash
    UNION ALL
    SELECT 0, 'missing' WHERE NOT EXISTS (SELECT 1 FROM head))
  SELECT (SELECT count(*)::int FROM admin_audit) AS entries,
         coalesce((SELECT json_agg(json_build_object('number', f.number, 'what', f.what) ORDER BY f.number)
                     FROM (SELECT DISTINCT number, what FROM found ORDER BY number LIMIT $1) f), '[]') AS alterations`;
