import { CreateVerification1795000000000 } from './1795000000000-create-verification.js';
import { CreateIdempotencyKeys1795000000001 } from './1795000000001-create-idempotency-keys.js';
import { CreateVerificationEvents1795000000002 } from './1795000000002-create-verification-events.js';
import { LimitWrongCodes1795000000003 } from './1795000000003-limit-wrong-codes.js';
import { ReceiveVerdicts1795000000004 } from './1795000000004-receive-verdicts.js';
import { ShareTheProvider1795000000005 } from './1795000000005-share-the-provider.js';
import { CreateTwoFactor1795000000006 } from './1795000000006-create-two-factor.js';
import { AdmitMessages1795000000007 } from './1795000000007-admit-messages.js';
import { CreateAdministration1795000000008 } from './1795000000008-create-administration.js';
import { FindRequests1795000000009 } from './1795000000009-find-requests.js';
import { RollUpStatistics1795000000010 } from './1795000000010-roll-up-statistics.js';
import { FindRefusals1795000000011 } from './1795000000011-find-refusals.js';
import { WeighRulesOneByOne1795000000012 } from './1795000000012-weigh-rules-one-by-one.js';
import { BeginRollupsWithTheirTable1795000200200 } from './1795000200200-begin-rollups-with-their-table.js';
import { BindSealedValues1795000200300 } from './1795000200300-bind-sealed-values.js';
import { LinkApiTokens1795000200301 } from './1795000200301-link-api-tokens.js';
import { PseudonymiseDecisions1795000200302 } from './1795000200302-pseudonymise-decisions.js';
import { CountWrongCodesBySource1795000200303 } from './1795000200303-count-wrong-codes-by-source.js';
import { BindProofs1795000200500 } from './1795000200500-bind-proofs.js';
import { NameLeases1796000000000 } from './1796000000000-name-leases.js';
import { LeaseProviderLanes1797000000200 } from './1797000000200-lease-provider-lanes.js';

/** In order. A list and not a glob, so that bundlers and type checkers see them. */
export const migrations = [
  CreateVerification1795000000000,
  CreateIdempotencyKeys1795000000001,
  CreateVerificationEvents1795000000002,
  LimitWrongCodes1795000000003,
  ReceiveVerdicts1795000000004,
  ShareTheProvider1795000000005,
  CreateTwoFactor1795000000006,
  AdmitMessages1795000000007,
  CreateAdministration1795000000008,
  FindRequests1795000000009,
  RollUpStatistics1795000000010,
  FindRefusals1795000000011,
  WeighRulesOneByOne1795000000012,
  BeginRollupsWithTheirTable1795000200200,
  BindSealedValues1795000200300,
  LinkApiTokens1795000200301,
  PseudonymiseDecisions1795000200302,
  CountWrongCodesBySource1795000200303,
  BindProofs1795000200500,
  NameLeases1796000000000,
  LeaseProviderLanes1797000000200,
];
