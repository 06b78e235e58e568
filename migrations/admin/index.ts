import { CreateApiTokens1795000003001 } from './1795000003001-create-api-tokens.js';
import { CreateAudit1795000003002 } from './1795000003002-create-audit.js';
import { CreateStatistics1795000003004 } from './1795000003004-create-statistics.js';

/** Tables of `AdminModule`, in order. */
export const adminMigrations = [
  CreateApiTokens1795000003001,
  CreateAudit1795000003002,
  CreateStatistics1795000003004,
];
