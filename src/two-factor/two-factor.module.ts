import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PagesModule, type PagesOptions } from '../http/index.js';
import { BoundRequests } from './bound-requests.js';
import { Challenges } from './challenges.js';
import { FactorSettings } from './factor-settings.js';
import { FactorChanges } from './factors/factor-changes.js';
import { FactorKeyRotator } from './factors/factor-key-rotator.js';
import { FactorLimits } from './factors/factor-limits.js';
import { Factors } from './factors/factors.js';
import { TotpFactor } from './factors/totp.factor.js';
import { FreshForChangeGuard } from './guard/fresh-for-change.guard.js';
import {
  POST_THROTTLER_STORAGE,
  POST_THROTTLES,
  postThrottlerStorageOf,
  postThrottlesOf,
} from './guard/post-throttler.js';
import { SecondFactorGuard } from './guard/second-factor.guard.js';
import { OwnFactorsController } from './own-factors.controller.js';
import { CHALLENGE_PAGES } from './pages/challenge.pages.js';
import { SETTINGS_PAGES } from './pages/settings.pages.js';
import { EnrolledPhonesRepository } from './phones/enrolled-phones.repository.js';
import { EnrolledPhones } from './phones/enrolled-phones.service.js';
import { SmsFactor } from './phones/sms.factor.js';
import { RecoveryCodes } from './recovery-codes/recovery-codes.service.js';
import { SettingsController } from './settings.controller.js';
import { StepUpController } from './step-up/step-up.controller.js';
import { StepUpGrants } from './step-up/step-up.service.js';
import { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
import { TwoFactorController } from './two-factor.controller.js';
import {
  RESOLVED_OPTIONS,
  resolveOptions,
  TWO_FACTOR_OPTIONS,
  type TwoFactorModuleOptions,
} from './two-factor.options.js';
import { TwoFactorService } from './two-factor.service.js';

/** What must be known before the options are: it decides what the module consists of. */
export interface TwoFactorModuleExtras {
  /** Serve `/two-factor` and its pages. Defaults to true. */
  routes?: boolean;
  /** Guard every route of the application, which then says by a decorator whom it is for. Defaults to true. */
  guardAll?: boolean;
  /** Your own templates and words, over ours. */
  pages?: PagesOptions;
}

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TwoFactorModuleOptions>({
  optionsInjectionToken: TWO_FACTOR_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<TwoFactorModuleExtras>(
    { routes: true, guardAll: true, pages: {} },
    (definition, { routes, guardAll, pages }) => ({
      ...definition,
      global: true,
      imports: [...(definition.imports ?? []), PagesModule.forRoot(pages)],
      controllers: routes
        ? [StepUpController, SettingsController, OwnFactorsController, TwoFactorController]
        : [],
      providers: [
        ...(definition.providers ?? []),
        ...(guardAll ? [{ provide: APP_GUARD, useExisting: SecondFactorGuard }] : []),
      ],
    }),
  )
  .build();

/**
 * Two-factor sign-in on top of `VerificationModule`, which has to be there too: shows, enrols and demands second factors.
 * The host's TypeORM connection needs {@link twoFactorEntities}.
 */
@Module({
  providers: [
    TwoFactorService,
    SecondFactorGuard,
    FreshForChangeGuard,
    Challenges,
    BoundRequests,
    FactorSettings,
    FactorChanges,
    FactorLimits,
    FactorKeyRotator,
    Factors,
    SmsFactor,
    TotpFactor,
    EnrolledPhones,
    EnrolledPhonesRepository,
    RecoveryCodes,
    TrustedBrowsers,
    StepUpGrants,
    ...CHALLENGE_PAGES,
    ...SETTINGS_PAGES,
    { provide: RESOLVED_OPTIONS, inject: [TWO_FACTOR_OPTIONS], useFactory: resolveOptions },
    { provide: POST_THROTTLES, inject: [RESOLVED_OPTIONS], useFactory: postThrottlesOf },
    { provide: POST_THROTTLER_STORAGE, inject: [RESOLVED_OPTIONS], useFactory: postThrottlerStorageOf },
  ],
  exports: [
    TwoFactorService,
    FactorChanges,
    FactorLimits,
    FactorKeyRotator,
    SecondFactorGuard,
    StepUpGrants,
    EnrolledPhones,
    RecoveryCodes,
    TrustedBrowsers,
    SmsFactor,
    TotpFactor,
    Factors,
    POST_THROTTLES,
    POST_THROTTLER_STORAGE,
  ],
})
export class TwoFactorModule extends ConfigurableModuleClass {}
