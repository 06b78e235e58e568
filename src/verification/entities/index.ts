import { PhoneGuard } from './phone-guard.entity.js';
import { VerificationRequest } from './verification-request.entity.js';

export { PhoneGuard, VerificationRequest };

/** What a host adds to the `entities` of its own data source. */
export const verificationEntities = [VerificationRequest, PhoneGuard];
