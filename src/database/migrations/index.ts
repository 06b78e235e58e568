import { CreateVerification1795000000000 } from './1795000000000-create-verification.js';
import { CreateIdempotencyKeys1795000000001 } from './1795000000001-create-idempotency-keys.js';

/** In order. A list and not a glob, so that bundlers and type checkers see them. */
export const migrations = [CreateVerification1795000000000, CreateIdempotencyKeys1795000000001];
