import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { adminMigrations } from '../../migrations/index.js';
import type { ModuleTables } from '../database/library-data-source.js';
import { PagesModule, type PagesOptions } from '../http/index.js';
import { ProtectionModule } from '../protection/index.js';
import { AccessModule } from './access/access.module.js';
import { ADMIN_OPTIONS, type AdminModuleOptions, resolveAdminOptions } from './admin.options.js';
import { adminEntities } from './entities/index.js';
import { AuditModule } from './audit/audit.module.js';
import { BlocksModule } from './blocks/blocks.module.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { ExportModule } from './export/export.module.js';
import { HistoryModule } from './history/history.module.js';
import { InterventionsModule } from './interventions/interventions.module.js';
import { PolicyModule } from './policy/policy.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { StatisticsModule } from './statistics/statistics.module.js';
import { TokensModule } from './tokens/tokens.module.js';

/** Extras of {@link AdminModule}. */
export interface AdminModuleExtras {
  /**
   * Your own templates and messages, which replace ours.
   * @default {}
   */
  pages?: PagesOptions;
}

const GIVEN_OPTIONS = Symbol('ADMIN_OPTIONS as given');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AdminModuleOptions>({
  optionsInjectionToken: GIVEN_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<AdminModuleExtras>(
    { pages: {} },
    ({ imports = [], providers = [], ...definition }, { pages }) => ({
      ...definition,
      imports: [
        AccessModule.with({
          imports: [...imports, PagesModule.forRoot(pages)],
          providers: [
            ...providers,
            { provide: ADMIN_OPTIONS, inject: [GIVEN_OPTIONS], useFactory: resolveAdminOptions },
          ],
          exports: [ADMIN_OPTIONS, PagesModule],
        }),
      ],
    }),
  )
  .build();

/**
 * History, statistics, interventions and their audit under `/admin`, on top of `VerificationModule` and
 * `TwoFactorModule`, which must be imported too.
 */
@Module({
  imports: [
    HistoryModule,
    ExportModule,
    StatisticsModule,
    AuditModule,
    TokensModule,
    BlocksModule,
    InterventionsModule,
    ErasureModule,
    RetentionModule,
    PolicyModule,
  ],
  exports: [
    HistoryModule,
    StatisticsModule,
    AuditModule,
    BlocksModule,
    InterventionsModule,
    ErasureModule,
    RetentionModule,
  ],
})
export class AdminModule extends ConfigurableModuleClass {
  /** Blocks and stops are there without `ProtectionModule`, too. */
  static readonly tables: readonly ModuleTables[] = [
    { entities: adminEntities, migrations: adminMigrations },
    ...ProtectionModule.tables,
  ];
}
