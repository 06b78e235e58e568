import { CreateRequests1795000000001 } from './1795000000001-create-requests.js';
import { CreateNumberSlots1795000000002 } from './1795000000002-create-number-slots.js';
import { CreateUserWrongCodes1795000000003 } from './1795000000003-create-user-wrong-codes.js';
import { CreateIdempotencyKeys1795000000004 } from './1795000000004-create-idempotency-keys.js';
import { CreateJournal1795000000005 } from './1795000000005-create-journal.js';
import { SealJournals1795000000006 } from './1795000000006-seal-journals.js';
import { CreateCounters1795000000007 } from './1795000000007-create-counters.js';
import { ReceiveWebhooks1795000000008 } from './1795000000008-receive-webhooks.js';
import { CreateProviderLanes1795000000009 } from './1795000000009-create-provider-lanes.js';
import { RotateKeys1795000000010 } from './1795000000010-rotate-keys.js';
import { CreateDecisions1795000000011 } from './1795000000011-create-decisions.js';
import { CreateCodeMessages1795000000012 } from './1795000000012-create-code-messages.js';
import { CreateKeyCanaries1795000000013 } from './1795000000013-create-key-canaries.js';
import { DeliverEvents1795000000014 } from './1795000000014-deliver-events.js';

/** Tables of `VerificationModule`, in order. */
export const verificationMigrations = [
  CreateRequests1795000000001,
  CreateNumberSlots1795000000002,
  CreateUserWrongCodes1795000000003,
  CreateIdempotencyKeys1795000000004,
  CreateJournal1795000000005,
  SealJournals1795000000006,
  CreateCounters1795000000007,
  ReceiveWebhooks1795000000008,
  CreateProviderLanes1795000000009,
  RotateKeys1795000000010,
  CreateDecisions1795000000011,
  CreateCodeMessages1795000000012,
  CreateKeyCanaries1795000000013,
  DeliverEvents1795000000014,
];
