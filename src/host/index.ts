export { DEMO_PASSWORD, DEMO_USERS } from './demo-users.js';
export { HOST_ERRORS } from './host.problems.js';
export { HostModule } from './host.module.js';
export { CreateHost1795000100000 } from './migrations/1795000100000-create-host.js';
export { ListSessions1795000200400 } from './migrations/1795000200400-list-sessions.js';
export { useSessions } from './sessions/session.store.js';
export { User } from './user.entity.js';
