import type { AdminParts } from '../parts.js';
import { AuditAuditor } from './audit-auditor.js';
import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit-log.service.js';
import { AuditPage } from './audit.page.js';
import { AuditRepository } from './audit.repository.js';

export const AUDIT_PARTS: AdminParts = {
  controllers: [AuditController],
  providers: [AuditLog, AuditAuditor, AuditRepository, AuditPage],
};
