import {
  ConfigurableModuleBuilder,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type Type,
} from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { RouterModule } from '@nestjs/core';
import { adminMigrations } from '../../migrations/index.js';
import type { ModuleTables } from '../database/library-data-source.js';
import { RepeatedPosts } from '../http/index.js';
import { ProtectionModule } from '../protection/index.js';
import { AccessModule } from './access/access.module.js';
import { ADMIN } from './access/admin-paths.js';
import { ADMIN_OPTIONS, type AdminModuleOptions, resolveAdminOptions } from './admin.options.js';
import { adminEntities } from './entities/index.js';
import { AuditModule } from './audit/audit.module.js';
import { BlocksModule } from './blocks/blocks.module.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
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
   * The path of the administration, without a slash at either end.
   * @default 'admin'
   */
  path?: string;
  /**
   * Decorators for its controllers, such as the marker by which your own global guard lets everybody in. All applications
   * of a process share them.
   * @default []
   */
  decorators?: readonly ClassDecorator[];
}

const SUBJECTS = [
  HistoryModule,
  ExportModule,
  StatisticsModule,
  AuditModule,
  TokensModule,
  BlocksModule,
  DeadLettersModule,
  InterventionsModule,
  ErasureModule,
  RetentionModule,
  PolicyModule,
];

const controllersOf = (module: Type): Type[] =>
  (Reflect.getMetadata(MODULE_METADATA.CONTROLLERS, module) as Type[] | undefined) ?? [];

const CONTROLLERS = SUBJECTS.flatMap(controllersOf);

const GIVEN_OPTIONS = Symbol('ADMIN_OPTIONS as given');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AdminModuleOptions>({
  optionsInjectionToken: GIVEN_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createAdminOptions')
  .setExtras<AdminModuleExtras>(
    { path: ADMIN, decorators: [] },
    ({ imports = [], providers = [], ...definition }, { path = ADMIN, decorators = [] }) => {
      for (const decorate of decorators) for (const controller of CONTROLLERS) decorate(controller);
      return {
        ...definition,
        imports: [
          RouterModule.register(SUBJECTS.map((module) => ({ path, module }))),
          AccessModule.with({
            imports,
            providers: [
              ...providers,
              { provide: ADMIN_OPTIONS, inject: [GIVEN_OPTIONS], useFactory: resolveAdminOptions },
            ],
            exports: [ADMIN_OPTIONS],
          }),
        ],
      };
    },
  )
  .build();

/**
 * History, statistics, interventions and their audit under `/admin`, on top of `VerificationModule` and
 * `TwoFactorModule`, which must be imported too.
 */
@Module({
  imports: SUBJECTS,
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
export class AdminModule extends ConfigurableModuleClass implements NestModule {
  /** Blocks and stops are there without `ProtectionModule`, too. */
  static readonly tables: readonly ModuleTables[] = [
    { entities: adminEntities, migrations: adminMigrations },
    ...ProtectionModule.tables,
  ];

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RepeatedPosts).forRoutes(...CONTROLLERS);
  }
}
