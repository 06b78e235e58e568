export type { Actor } from './access/administrator.js';
export { SCOPES, type Scope } from './access/scopes.js';
export { AdminModule } from './admin.module.js';
export type { AdminModuleOptions } from './admin.options.js';
export { ADMIN_ERRORS } from './admin.problems.js';
export { ApiTokens } from './access/api-tokens.service.js';
export { AuditAuditor } from './audit/audit-auditor.js';
export { AuditLog, type AuditEntry } from './audit/audit-log.service.js';
export { adminEntities } from './entities/index.js';
