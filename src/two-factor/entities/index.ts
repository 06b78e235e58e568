import { Authenticator } from './authenticator.entity.js';
import { EnrolledPhone } from './enrolled-phone.entity.js';
import { FactorEpoch } from './factor-epoch.entity.js';
import { FactorGuard } from './factor-guard.entity.js';
import { RecoveryCode } from './recovery-code.entity.js';
import { StepUpGrant } from './step-up-grant.entity.js';
import { TrustedBrowser } from './trusted-browser.entity.js';

/** For the host's TypeORM connection. */
export const twoFactorEntities = [
  Authenticator,
  EnrolledPhone,
  FactorEpoch,
  FactorGuard,
  RecoveryCode,
  StepUpGrant,
  TrustedBrowser,
];
