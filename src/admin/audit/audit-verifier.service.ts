import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  Findings,
  JournalSealer,
  type JournalSource,
  type KeptSeal,
  SealVerifier,
} from '../../verification/index.js';
import type { AuditReportResource } from './audit.dto.js';

/** The audit is sealed and verified exactly as the journal of requests is. */
const AUDIT_JOURNAL: JournalSource = {
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

/** Checks that the audit was not changed. */
@Injectable()
export class AuditVerifier implements OnModuleInit {
  constructor(
    private readonly sealer: JournalSealer,
    private readonly seals: SealVerifier,
  ) {}

  onModuleInit(): void {
    this.sealer.addSource(AUDIT_JOURNAL);
  }

  /**
   * Compares the audit with its seals.
   * @param kept a seal from elsewhere that the audit must still have
   */
  async verify(kept: KeptSeal | null = null): Promise<AuditReportResource> {
    const findings = new Findings();
    const { rows, notSealed } = await this.seals.verify(AUDIT_JOURNAL, findings, kept);
    return {
      entries: rows,
      notSealed,
      findings: findings.list().map(({ kind, number }) => ({ kind, number })),
    };
  }
}
