import { CreateRequests1795000000001 } from './1795000000001-create-requests.js';
import { CreateNumberSlots1795000000002 } from './1795000000002-create-number-slots.js';
import { CreateUserWrongCodes1795000000003 } from './1795000000003-create-user-wrong-codes.js';
import { CreateIdempotencyKeys1795000000004 } from './1795000000004-create-idempotency-keys.js';
import { CreateJournal1795000000005 } from './1795000000005-create-journal.js';
import { HashEvents1795000000006 } from './1795000000006-hash-events.js';
import { AnnounceEvents1795000000007 } from './1795000000007-announce-events.js';
import { ReceiveWebhooks1795000000008 } from './1795000000008-receive-webhooks.js';
import { PaceTheProvider1795000000009 } from './1795000000009-pace-the-provider.js';
import { RotateKeys1795000000010 } from './1795000000010-rotate-keys.js';

/** Tables of `VerificationModule`, in order. */
export const verificationMigrations = [
  CreateRequests1795000000001,
  CreateNumberSlots1795000000002,
  CreateUserWrongCodes1795000000003,
  CreateIdempotencyKeys1795000000004,
  CreateJournal1795000000005,
  HashEvents1795000000006,
  AnnounceEvents1795000000007,
  ReceiveWebhooks1795000000008,
  PaceTheProvider1795000000009,
  RotateKeys1795000000010,
];
