import { FactorAttempt } from './challenge/factor-attempt.entity.js';
import { PasskeyChallenge } from './passkeys/passkey-challenge.entity.js';
import { KeptPost } from './kept-posts/kept-post.entity.js';
import { Passkey } from './passkeys/passkey.entity.js';
import { RecoveryCode } from './recovery-codes/recovery-code.entity.js';
import { FactorEpoch } from './session/factor-epoch.entity.js';
import { TokenGeneration } from './session/token-generation.entity.js';
import { EnrolledPhone } from './sms/enrolled-phone.entity.js';
import { StepUpGrant } from './step-up/step-up-grant.entity.js';
import { Authenticator } from './totp/authenticator.entity.js';
import { TrustedBrowser } from './trusted-browsers/trusted-browser.entity.js';

/** The entities of `TwoFactorModule`. */
export const twoFactorEntities = [
  Authenticator,
  EnrolledPhone,
  FactorAttempt,
  FactorEpoch,
  KeptPost,
  Passkey,
  PasskeyChallenge,
  RecoveryCode,
  StepUpGrant,
  TokenGeneration,
  TrustedBrowser,
];
