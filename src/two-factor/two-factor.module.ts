import {
  ConfigurableModuleBuilder,
  Inject,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { mounted, type MountOptions, RepeatedPosts } from '../http/index.js';
import { twoFactorMigrations } from '../../migrations/index.js';
import { LIBRARY_DATA_SOURCE, type ModuleTables } from '../database/library-data-source.js';
import { requireExpress } from '../options/require-express.js';
import { ChallengeController } from './challenge/challenge.controller.js';
import { CHALLENGE_PAGES } from './challenge/challenge.pages.js';
import { ChallengeService } from './challenge/challenge.service.js';
import { FactorAttempts } from './challenge/factor-attempts.js';
import { Factors } from './challenge/factors.js';
import { FactorChanges } from './enrolment/factor-changes.js';
import { SettingsController } from './enrolment/settings.controller.js';
import { SETTINGS_PAGES } from './enrolment/settings.pages.js';
import { SettingsService } from './enrolment/settings.service.js';
import { AccountOnPageGuard } from './guard/account-on-page.guard.js';
import { FreshForChangeGuard } from './guard/fresh-for-change.guard.js';
import { POST_THROTTLES, postThrottlesOf } from './guard/post-throttler.js';
import { SecondFactorGuard } from './guard/second-factor.guard.js';
import { KeptPostPage, KeptPostsController } from './kept-posts/kept-posts.controller.js';
import { KeptPosts } from './kept-posts/kept-posts.service.js';
import { PasskeyChallenges } from './passkeys/passkey-challenges.js';
import { PasskeyFactor } from './passkeys/passkey.factor.js';
import { PasskeysController } from './passkeys/passkeys.controller.js';
import { Passkeys } from './passkeys/passkeys.service.js';
import { RecoveryCodesController, RecoveryCodesPage } from './recovery-codes/recovery-codes.controller.js';
import { RecoveryCodes } from './recovery-codes/recovery-codes.service.js';
import { AssuranceReader } from './session/assurance-reader.js';
import { AccountNames } from './session/account-names.js';
import { NewTokenInterceptor } from './session/new-token.interceptor.js';
import { Notices } from './session/notices.js';
import { SignedOutPage, SignOutController } from './session/sign-out.controller.js';
import { TokenGenerations } from './session/token-generations.js';
import { TWO_FACTOR, TwoFactorPaths } from './session/two-factor-paths.js';
import { TwoFactorService } from './session/two-factor.service.js';
import { BoundRequests } from './sms/bound-requests.js';
import { EnrolledPhones } from './sms/enrolled-phones.service.js';
import { PhoneEnrolment } from './sms/phone-enrolment.service.js';
import { PhonesController } from './sms/phones.controller.js';
import { PHONE_PAGES } from './sms/phones.pages.js';
import { SmsFactor } from './sms/sms.factor.js';
import { StepUpController } from './step-up/step-up.controller.js';
import { StepUpGrants } from './step-up/step-up-grants.service.js';
import { AuthenticatorsController } from './totp/authenticators.controller.js';
import { AUTHENTICATOR_PAGES } from './totp/authenticators.pages.js';
import { Authenticators } from './totp/authenticators.service.js';
import { TotpFactor } from './totp/totp.factor.js';
import { TrustedBrowsersController } from './trusted-browsers/trusted-browsers.controller.js';
import { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
import { twoFactorEntities } from './two-factor.entities.js';
import {
  resolveTwoFactorOptions,
  TWO_FACTOR_OPTIONS,
  type TwoFactorModuleOptions,
} from './two-factor.options.js';

/** Options that decide what the module consists of, so they are given beside the others. */
export interface TwoFactorModuleExtras extends MountOptions {
  /**
   * Serves the routes of two-factor sign-in, at `path` (`two-factor` by default).
   * @default true
   */
  routes?: boolean;
  /**
   * Guards every route of the application, which then says by decorators who may use it.
   * @default true
   */
  guardAll?: boolean;
}

const CONTROLLERS = [
  SignOutController,
  KeptPostsController,
  StepUpController,
  ChallengeController,
  SettingsController,
  PhonesController,
  AuthenticatorsController,
  PasskeysController,
  RecoveryCodesController,
  TrustedBrowsersController,
];

/** The controllers of this application. */
const SERVED = 'two-factor:controllers';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<TwoFactorModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createTwoFactorOptions')
    .setExtras<TwoFactorModuleExtras>(
      { routes: true, guardAll: true, path: undefined, decorators: undefined },
      (definition, { routes, guardAll, path, decorators }) => {
        const controllers = routes ? mounted(CONTROLLERS, TWO_FACTOR, { path, decorators }) : [];
        return {
          ...definition,
          global: true,
          controllers,
          providers: [
            ...(definition.providers ?? []),
            { provide: SERVED, useValue: controllers },
            ...(guardAll ? [{ provide: APP_GUARD, useExisting: SecondFactorGuard }] : []),
          ],
        };
      },
    )
    .build();

/**
 * Two-factor sign-in on top of `VerificationModule`, which has to be imported too. It enrols second factors, demands and
 * checks them.
 */
@Module({
  imports: [TypeOrmModule.forFeature(twoFactorEntities, LIBRARY_DATA_SOURCE)],
  providers: [
    TwoFactorService,
    TwoFactorPaths,
    TokenGenerations,
    NewTokenInterceptor,
    AssuranceReader,
    AccountNames,
    Notices,
    SecondFactorGuard,
    AccountOnPageGuard,
    FreshForChangeGuard,
    ChallengeService,
    FactorAttempts,
    Factors,
    FactorChanges,
    SettingsService,
    SmsFactor,
    EnrolledPhones,
    PhoneEnrolment,
    BoundRequests,
    TotpFactor,
    Authenticators,
    PasskeyFactor,
    Passkeys,
    PasskeyChallenges,
    RecoveryCodes,
    TrustedBrowsers,
    StepUpGrants,
    KeptPosts,
    KeptPostPage,
    RecoveryCodesPage,
    SignedOutPage,
    ...CHALLENGE_PAGES,
    ...SETTINGS_PAGES,
    ...PHONE_PAGES,
    ...AUTHENTICATOR_PAGES,
    { provide: TWO_FACTOR_OPTIONS, inject: [MODULE_OPTIONS_TOKEN], useFactory: resolveTwoFactorOptions },
    { provide: POST_THROTTLES, inject: [TWO_FACTOR_OPTIONS], useFactory: postThrottlesOf },
  ],
  exports: [
    AccountNames,
    AccountOnPageGuard,
    NewTokenInterceptor,
    TwoFactorService,
    TwoFactorPaths,
    Factors,
    FactorAttempts,
    FactorChanges,
    SecondFactorGuard,
    SmsFactor,
    EnrolledPhones,
    TotpFactor,
    RecoveryCodes,
    TrustedBrowsers,
    StepUpGrants,
    KeptPosts,
    POST_THROTTLES,
    TWO_FACTOR_OPTIONS,
  ],
})
export class TwoFactorModule extends ConfigurableModuleClass implements NestModule {
  static readonly tables: readonly ModuleTables[] = [
    { entities: twoFactorEntities, migrations: twoFactorMigrations },
  ];

  constructor(
    @Inject(SERVED) private readonly controllers: Type[],
    private readonly server: HttpAdapterHost,
  ) {
    super();
  }

  configure(consumer: MiddlewareConsumer): void {
    requireExpress('TwoFactorModule', this.server);
    if (this.controllers.length > 0) consumer.apply(RepeatedPosts).forRoutes(...this.controllers);
  }
}
