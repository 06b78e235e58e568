export { DEMO_PASSWORD, DEMO_USERS } from './demo-users.js';
export { HOST_ERRORS } from './host.problems.js';
export { HostModule } from './host.module.js';
export { CreateHost1795000100000 } from './migrations/1795000100000-create-host.js';
export { useSessions } from './sessions.js';
export { User } from './user.entity.js';
