export { CodeFactor, type CodeResult, type EnrolledFactor, Factor } from './challenge/factor.js';
export { FactorResource } from './challenge/challenge.resources.js';
export { FactorAttempts } from './challenge/factor-attempts.js';
export { Factors } from './challenge/factors.js';
export { FactorChanges } from './enrolment/factor-changes.js';
export { AccountOnPageGuard } from './guard/account-on-page.guard.js';
export { PostThrottler } from './guard/post-throttler.js';
export { factorRequired, signInRequired } from './guard/refusals.js';
export {
  CurrentAssurance,
  FirstFactorOnly,
  RequireFactor,
  SignedIn,
  SkipSecondFactor,
} from './guard/require-factor.js';
export { SecondFactorGuard } from './guard/second-factor.guard.js';
export {
  type SmsOtpChallenge,
  type SmsOtpInfo,
  type SmsOtpOptions,
  SmsOtpStrategy,
  type SmsOtpVerify,
} from './passport/sms-otp.strategy.js';
export { RecoveryCodes } from './recovery-codes/recovery-codes.service.js';
export {
  type Assurance,
  type AssuranceLevel,
  type FactorDemand,
  type SignedInAssurance,
  type SignedInCaller,
} from './session/assurance.js';
export { AssuranceResource } from './session/assurance.resource.js';
export { AuthenticationSessions } from './session/authentication-sessions.js';
export { type Authentication, type AuthenticationState } from './session/authentication-state.js';
export { ExpressSessions, type ExpressSessionsOptions } from './session/express-sessions.js';
export { JwtSessions, type JwtSessionsOptions } from './session/jwt-sessions.js';
export { TwoFactorPaths } from './session/two-factor-paths.js';
export { type ShownFactor, type SignInResult, TwoFactorService } from './session/two-factor.service.js';
export { EnrolledPhones } from './sms/enrolled-phones.service.js';
export { SmsFactor } from './sms/sms.factor.js';
export {
  type ConfirmedAct,
  type ConfirmedActHandler,
  type StepUp,
  StepUpGrants,
} from './step-up/step-up-grants.service.js';
export { TotpFactor } from './totp/totp.factor.js';
export { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
export { twoFactorEntities } from './two-factor.entities.js';
export { TwoFactorModule, type TwoFactorModuleExtras } from './two-factor.module.js';
export { TWO_FACTOR_EVENTS, type TwoFactorEvent } from './two-factor.events.js';
export { LogNotifier, type TwoFactorNotice, TwoFactorNotifier } from './two-factor.notifier.js';
export {
  type PostLimit,
  InjectTwoFactorOptions,
  type PostThrottleOptions,
  type ResolvedTwoFactorOptions,
  TWO_FACTOR_DEFAULTS,
  type TwoFactorModuleOptions,
} from './two-factor.options.js';
export { ApiProblems as ApiTwoFactorProblems, TWO_FACTOR_ERRORS } from './two-factor.problems.js';
