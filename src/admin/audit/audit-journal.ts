import { Injectable, type OnModuleInit } from '@nestjs/common';
import { rowsIn } from '../../database/sql.js';
import {
  type EventLine,
  EventsFile,
  type JournalBatch,
  JournalSealer,
  type JournalSource,
} from '../../verification/index.js';
import type { AuditRecord } from './audit.repository.js';

/** The audit as a journal, like that of requests. */
export const AUDIT_JOURNAL: JournalSource = {
  name: 'audit',
  table: 'otp_admin_audit',
  endOfBatch: `
    SELECT xid FROM (
      SELECT xid FROM otp_admin_audit
       WHERE xid > $1::bigint AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
       ORDER BY xid LIMIT $2) AS batch
     ORDER BY xid DESC LIMIT 1`,
  rowsBetween: `
    SELECT xid, NULL AS "requestId", number::int, at,
           ARRAY[number::text, (extract(epoch FROM at) * 1000000)::bigint::text, actor, action, target, reason,
                 details::text] AS values
      FROM otp_admin_audit
     WHERE xid > $1::bigint AND xid <= $2::bigint
     ORDER BY number`,
  countAfter: 'SELECT count(*)::int AS count FROM otp_admin_audit WHERE xid > $1::bigint',
};

/** Has the audit sealed and written to the file of events. */
@Injectable()
export class AuditJournal implements OnModuleInit {
  constructor(
    private readonly sealer: JournalSealer,
    private readonly file: EventsFile,
  ) {}

  onModuleInit(): void {
    this.sealer.addSource(AUDIT_JOURNAL);
    this.file.addSource(AUDIT_JOURNAL, linesOfAudit);
  }
}

async function linesOfAudit({ sql, after, until }: JournalBatch): Promise<EventLine[]> {
  const records = await rowsIn<AuditRecord>(sql, RECORDS_BETWEEN, [after, until]);
  return records.map((record) => ({
    id: `audit_${record.number}`,
    type: `audit.${record.action}`,
    timestamp: record.at.toISOString(),
    data: record,
  }));
}

const RECORDS_BETWEEN = `
  SELECT number::int, at, actor, action, target, reason, details FROM otp_admin_audit
   WHERE xid > $1::bigint AND xid <= $2::bigint ORDER BY number`;
