import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { PagesModule, type PagesOptions } from '../http/index.js';
import { AdminGuard } from './access/admin.guard.js';
import { ApiTokens } from './access/api-tokens.service.js';
import { TokenUses } from './access/token-uses.js';
import { ADMIN_OPTIONS, type AdminModuleOptions, resolveAdminOptions } from './admin.options.js';
import { AUDIT_PARTS } from './audit/index.js';
import { BLOCK_PARTS } from './blocks/index.js';
import { ERASURE_PARTS } from './erasure/index.js';
import { EXPORT_PARTS } from './export/index.js';
import { HISTORY_PARTS } from './history/index.js';
import { INTERVENTION_PARTS } from './interventions/index.js';
import type { AdminParts } from './parts.js';
import { POLICY_PARTS } from './policy/index.js';
import { RETENTION_PARTS } from './retention/index.js';
import { STATISTICS_PARTS } from './statistics/index.js';
import { TOKEN_PARTS } from './tokens/index.js';

/** One entry a subject: each folder lists its own controllers and providers. */
const PARTS: AdminParts[] = [
  HISTORY_PARTS,
  EXPORT_PARTS,
  STATISTICS_PARTS,
  AUDIT_PARTS,
  TOKEN_PARTS,
  BLOCK_PARTS,
  INTERVENTION_PARTS,
  ERASURE_PARTS,
  RETENTION_PARTS,
  POLICY_PARTS,
];

export interface AdminModuleExtras {
  /** Your own templates and words, over ours. */
  pages?: PagesOptions;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<AdminModuleOptions>()
  .setClassMethodName('forRoot')
  .setExtras<AdminModuleExtras>({ pages: {} }, (definition, { pages }) => ({
    ...definition,
    imports: [...(definition.imports ?? []), PagesModule.forRoot(pages)],
  }))
  .build();

/**
 * History, statistics, interventions and their audit under `/admin`, on top of `VerificationModule` and
 * `TwoFactorModule`, which have to be there too.
 */
@Module({
  controllers: PARTS.flatMap(({ controllers }) => controllers),
  providers: [
    AdminGuard,
    ApiTokens,
    TokenUses,
    ...PARTS.flatMap(({ providers }) => providers),
    { provide: ADMIN_OPTIONS, inject: [MODULE_OPTIONS_TOKEN], useFactory: resolveAdminOptions },
  ],
  exports: [ApiTokens, ...PARTS.flatMap(({ providers }) => providers)],
})
export class AdminModule extends ConfigurableModuleClass {}
