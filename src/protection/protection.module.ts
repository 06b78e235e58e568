import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { MessageRules } from '../verification/index.js';
import { Allowances } from './allowances.js';
import { DestinationLists } from './destination-lists.js';
import { DestinationStops } from './destination-stops.js';
import { MessagePrices } from './message-prices.js';
import {
  PROTECTION_OPTIONS,
  type ProtectionOptions,
  RESOLVED_PROTECTION,
  resolveProtection,
} from './protection.options.js';
import { ProtectionRules } from './rules/protection-rules.js';
import { ProtectionWatch } from './protection-watch.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<ProtectionOptions>({
  optionsInjectionToken: PROTECTION_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Limits, budgets and block lists for `VerificationModule`, which picks them up automatically.
 * `forRoot({})` has the defaults of docs/protection.md.
 */
@Module({
  providers: [
    ProtectionRules,
    Allowances,
    DestinationLists,
    MessagePrices,
    DestinationStops,
    ProtectionWatch,
    { provide: MessageRules, useExisting: ProtectionRules },
    { provide: RESOLVED_PROTECTION, inject: [PROTECTION_OPTIONS], useFactory: resolveProtection },
  ],
  exports: [MessageRules, DestinationLists, ProtectionWatch, DestinationStops, RESOLVED_PROTECTION],
})
export class ProtectionModule extends ConfigurableModuleClass {}
