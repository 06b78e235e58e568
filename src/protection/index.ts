export { DestinationLists } from './destination-lists.js';
export { counterKeysOf } from './rules/counter-keys.js';
export { DestinationStops, type Stop } from './destination-stops.js';
export { ProtectionModule } from './protection.module.js';
export {
  type ConversionOptions,
  PROTECTION_DEFAULTS,
  type LimitWindow,
  InjectProtectionOptions,
  type ProtectionOptions,
  type ResolvedProtection,
  type RuleName,
  RULES,
} from './protection.options.js';
export { ProtectionWatch } from './protection-watch.js';
export { SharedLimits, type UsedLimit } from './shared-limits.js';
