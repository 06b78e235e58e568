import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { AdmissionRules } from '../verification/index.js';
import { DestinationStops } from './destination-stops.js';
import { MessagePrices } from './message-prices.js';
import {
  PROTECTION_OPTIONS,
  type ProtectionOptions,
  RESOLVED_PROTECTION,
  resolveProtection,
} from './protection.options.js';
import { ProtectionRules } from './protection.rules.js';
import { ProtectionWatch } from './protection-watch.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<ProtectionOptions>({
  optionsInjectionToken: PROTECTION_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Limits, budgets and block lists for `VerificationModule`, which takes them up by itself when this module is there.
 * `forRoot({})` has the defaults of docs/protection.md.
 */
@Module({
  providers: [
    ProtectionRules,
    MessagePrices,
    DestinationStops,
    ProtectionWatch,
    { provide: AdmissionRules, useExisting: ProtectionRules },
    { provide: RESOLVED_PROTECTION, inject: [PROTECTION_OPTIONS], useFactory: resolveProtection },
  ],
  exports: [AdmissionRules, ProtectionWatch, DestinationStops, RESOLVED_PROTECTION],
})
export class ProtectionModule extends ConfigurableModuleClass {}
