import { Injectable } from '@nestjs/common';
import { Findings, type KeptSeal, SealVerifier } from '../../verification/index.js';
import type { AuditReportResource } from './audit.dto.js';
import { AUDIT_JOURNAL } from './audit-journal.js';

/** Checks that the audit was not changed. */
@Injectable()
export class AuditVerifier {
  constructor(private readonly seals: SealVerifier) {}

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
