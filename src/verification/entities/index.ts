import { IdempotencyKey } from './idempotency-key.entity.js';
import { PhoneGuard } from './phone-guard.entity.js';
import { VerificationRequest } from './verification-request.entity.js';

export { IdempotencyKey, PhoneGuard, VerificationRequest };

/** What a host adds to the `entities` of its own data source. */
export const verificationEntities = [VerificationRequest, PhoneGuard, IdempotencyKey];
