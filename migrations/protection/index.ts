import { CreateBlocks1795000001001 } from './1795000001001-create-blocks.js';
import { CreateStops1795000001002 } from './1795000001002-create-stops.js';
import { CreatePrices1795000001003 } from './1795000001003-create-prices.js';
import { CreateDecisions1795000001004 } from './1795000001004-create-decisions.js';
import { CreateLimits1795000001005 } from './1795000001005-create-limits.js';
import { WeighRules1795000001006 } from './1795000001006-weigh-rules.js';
import { AdmitStart1795000001007 } from './1795000001007-admit-start.js';
import { GiveBack1795000001008 } from './1795000001008-give-back.js';

/** Tables of `ProtectionModule`, in order. */
export const protectionMigrations = [
  CreateBlocks1795000001001,
  CreateStops1795000001002,
  CreatePrices1795000001003,
  CreateDecisions1795000001004,
  CreateLimits1795000001005,
  WeighRules1795000001006,
  AdmitStart1795000001007,
  GiveBack1795000001008,
];
