import { CreateHost1795000100000 } from './1795000100000-create-host.js';
import { ProtectPasswords1795000200100 } from './1795000200100-protect-passwords.js';

/** In order. */
export const migrations = [CreateHost1795000100000, ProtectPasswords1795000200100];
