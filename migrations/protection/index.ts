import { CreateBlocks1795000001001 } from './1795000001001-create-blocks.js';
import { CreateStops1795000001002 } from './1795000001002-create-stops.js';
import { CreatePrices1795000001003 } from './1795000001003-create-prices.js';

/** Tables of `ProtectionModule`, in order. */
export const protectionMigrations = [
  CreateBlocks1795000001001,
  CreateStops1795000001002,
  CreatePrices1795000001003,
];
