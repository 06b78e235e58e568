import { CreateUsers1795000004001 } from './1795000004001-create-users.js';
import { CreateSessions1795000004002 } from './1795000004002-create-sessions.js';
import { CreateFailedPasswords1795000004003 } from './1795000004003-create-failed-passwords.js';
import { CreateKnownBrowsers1795000004004 } from './1795000004004-create-known-browsers.js';
import { CreateAccountLinks1795000004005 } from './1795000004005-create-account-links.js';
import { CreatePayments1795000004006 } from './1795000004006-create-payments.js';
import { CreateActivity1795000004007 } from './1795000004007-create-activity.js';

/** Tables of the reference host, in order. */
export const hostMigrations = [
  CreateUsers1795000004001,
  CreateSessions1795000004002,
  CreateFailedPasswords1795000004003,
  CreateKnownBrowsers1795000004004,
  CreateAccountLinks1795000004005,
  CreatePayments1795000004006,
  CreateActivity1795000004007,
];
