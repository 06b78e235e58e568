export {
  type Assurance,
  type AssuranceLevel,
  type Authentication,
  type AuthenticationState,
  type FactorDemand,
} from './assurance/assurance.js';
export { AuthenticationSessions } from './assurance/authentication-sessions.js';
export { ExpressSessions } from './assurance/express-sessions.js';
export { AssuranceResource } from './dto/resources.js';
export { twoFactorEntities } from './entities/index.js';
export { CodeFactor, type CodeResult, type EnrolledFactor, Factor } from './factors/factor.js';
export { type FactorCaller } from './factors/factor-caller.js';
export { FactorChanges } from './factors/factor-changes.js';
export { FactorLimits } from './factors/factor-limits.js';
export { TotpFactor } from './factors/totp.factor.js';
export {
  CurrentAssurance,
  FirstFactorOnly,
  RequireFactor,
  SkipSecondFactor,
} from './guard/require-factor.js';
export { factorRequired, signInRequired } from './guard/refusals.js';
export { PostThrottler } from './guard/post-throttler.js';
export { SecondFactorGuard } from './guard/second-factor.guard.js';
export {
  type SmsOtpChallenge,
  type SmsOtpInfo,
  type SmsOtpOptions,
  SmsOtpStrategy,
  type SmsOtpVerify,
} from './passport/sms-otp.strategy.js';
export { EnrolledPhones } from './phones/enrolled-phones.service.js';
export { type SignedInSession, sessionOf } from './assurance/assurance.js';
export { SmsFactor } from './phones/sms.factor.js';
export { RecoveryCodes } from './recovery-codes/recovery-codes.service.js';
export { type StepUp, StepUpGrants } from './step-up/step-up.service.js';
export { TrustedBrowsers } from './trusted-browsers/trusted-browsers.service.js';
export { TwoFactorModule } from './two-factor.module.js';
export { LogNotifier, type TwoFactorNotice, TwoFactorNotifier } from './two-factor.notifier.js';
export type { PostLimit, PostThrottleOptions, TwoFactorModuleOptions } from './two-factor.options.js';
export { ApiProblems as ApiTwoFactorProblems, TWO_FACTOR_ERRORS } from './two-factor.problems.js';
export { type SignedIn, TwoFactorService } from './two-factor.service.js';
