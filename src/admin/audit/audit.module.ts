import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { AuditJournal } from './audit-journal.js';
import { AuditLog } from './audit-log.service.js';
import { AuditPage } from './audit.page.js';
import { AuditRepository } from './audit.repository.js';
import { AuditVerifier } from './audit-verifier.service.js';

/** Who did what and why, and whether the record was changed. */
@Module({
  controllers: [AuditController],
  providers: [AuditLog, AuditJournal, AuditVerifier, AuditRepository, AuditPage],
  exports: [AuditLog, AuditVerifier, AuditRepository],
})
export class AuditModule {}
