import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { protectionMigrations } from '../../migrations/index.js';
import type { ModuleTables } from '../database/library-data-source.js';
import { MessageRules, protectionEntities } from '../verification/index.js';
import { Allowances } from './allowances.js';
import { DestinationLists } from './destination-lists.js';
import { DestinationStops } from './destination-stops.js';
import { MessagePrices } from './message-prices.js';
import { PROTECTION_OPTIONS, type ProtectionOptions } from './protection.options.js';
import { resolveProtection } from './resolve-protection.js';
import { ProtectionRules } from './rules/protection-rules.js';
import { ProtectionWatch } from './protection-watch.js';
import { SharedLimits } from './shared-limits.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<ProtectionOptions>()
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createProtectionOptions')
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
    SharedLimits,
    { provide: MessageRules, useExisting: ProtectionRules },
    { provide: PROTECTION_OPTIONS, inject: [MODULE_OPTIONS_TOKEN], useFactory: resolveProtection },
  ],
  exports: [
    MessageRules,
    DestinationLists,
    ProtectionWatch,
    DestinationStops,
    SharedLimits,
    PROTECTION_OPTIONS,
  ],
})
export class ProtectionModule extends ConfigurableModuleClass {
  static readonly tables: readonly ModuleTables[] = [
    { entities: protectionEntities, migrations: protectionMigrations },
  ];
}
