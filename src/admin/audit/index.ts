import type { AdminParts } from '../parts.js';
import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit-log.service.js';
import { AuditPage } from './audit.page.js';
import { AuditRepository } from './audit.repository.js';
import { AuditVerifier } from './audit-verifier.service.js';

export const AUDIT_PARTS: AdminParts = {
  controllers: [AuditController],
  providers: [AuditLog, AuditVerifier, AuditRepository, AuditPage],
};
