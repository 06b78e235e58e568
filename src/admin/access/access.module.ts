import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AdminGuard } from './admin.guard.js';
import { AdminPaths } from './admin-paths.js';
import { ApiTokens } from './api-tokens.service.js';
import { TokenUses } from './token-uses.js';
import { UserNames } from './user-names.js';

/** What every controller of the administration needs: its guard, tokens, options and pages. */
@Module({
  imports: [AuditModule],
  providers: [AdminGuard, AdminPaths, ApiTokens, TokenUses, UserNames],
  exports: [AdminGuard, AdminPaths, ApiTokens, UserNames],
})
export class AccessModule {
  /** @param shared modules and providers that depend on the options of {@link AdminModule} */
  static with(shared: Required<Pick<DynamicModule, 'imports' | 'providers' | 'exports'>>): DynamicModule {
    return { module: AccessModule, global: true, ...shared };
  }
}
