import { CreateHost1795000100000 } from './1795000100000-create-host.js';
import { ProtectPasswords1795000200100 } from './1795000200100-protect-passwords.js';
import { ListSessions1795000200400 } from './1795000200400-list-sessions.js';

/** In order. */
export const migrations = [CreateHost1795000100000, ProtectPasswords1795000200100, ListSessions1795000200400];
