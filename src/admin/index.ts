export type { Actor as AdminActor } from './access/administrator.js';
export { SCOPES, type Scope } from './access/scopes.js';
export { AdminModule, type AdminModuleExtras } from './admin.module.js';
export {
  ADMIN_DEFAULTS,
  type AdminModuleOptions,
  InjectAdminOptions,
  type ResolvedAdminOptions,
  type RetentionOptions,
} from './admin.options.js';
export { ADMIN_ERRORS } from './admin.problems.js';
export { ApiTokens } from './access/api-tokens.service.js';
export { AuditVerifier } from './audit/audit-verifier.service.js';
export { AuditLog, type AuditEntry } from './audit/audit-log.service.js';
export { Rollups } from './statistics/rollups.service.js';
export { DeadLetters } from './dead-letters/dead-letters.service.js';
export { adminEntities } from './entities/index.js';
export { Blocks } from './blocks/blocks.service.js';
export { Erasures } from './erasure/erasure.service.js';
export { History } from './history/history.service.js';
export { Interventions } from './interventions/interventions.service.js';
export { Retention, type RetentionReport } from './retention/retention.service.js';
export { Statistics } from './statistics/statistics.service.js';
export { AuditRepository } from './audit/audit.repository.js';
