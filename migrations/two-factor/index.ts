import { CreateEpochs1795000002001 } from './1795000002001-create-epochs.js';
import { CreateFactorAttempts1795000002002 } from './1795000002002-create-factor-attempts.js';
import { CreatePhones1795000002003 } from './1795000002003-create-phones.js';
import { CreateAuthenticators1795000002004 } from './1795000002004-create-authenticators.js';
import { CreateRecoveryCodes1795000002005 } from './1795000002005-create-recovery-codes.js';
import { CreateTrustedBrowsers1795000002006 } from './1795000002006-create-trusted-browsers.js';
import { CreateStepUpGrants1795000002007 } from './1795000002007-create-step-up-grants.js';
import { CreateTokenGenerations1795000002008 } from './1795000002008-create-token-generations.js';
import { CreatePasskeys1795000002009 } from './1795000002009-create-passkeys.js';
import { CreateKeptPosts1795000002010 } from './1795000002010-create-kept-posts.js';

/** Tables of `TwoFactorModule`, in order. */
export const twoFactorMigrations = [
  CreateEpochs1795000002001,
  CreateFactorAttempts1795000002002,
  CreatePhones1795000002003,
  CreateAuthenticators1795000002004,
  CreateRecoveryCodes1795000002005,
  CreateTrustedBrowsers1795000002006,
  CreateStepUpGrants1795000002007,
  CreateTokenGenerations1795000002008,
  CreatePasskeys1795000002009,
  CreateKeptPosts1795000002010,
];
