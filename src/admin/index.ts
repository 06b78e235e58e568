export type { Actor } from './access/administrator.js';
export { SCOPES, type Scope } from './access/scopes.js';
export { AdminModule } from './admin.module.js';
export type { AdminModuleOptions } from './admin.options.js';
export { ADMIN_ERRORS } from './admin.problems.js';
