import {
  BlockEntry,
  Decision,
  DestinationStop,
  LimitBucket,
  LimitDay,
  MessagePrice,
} from './admission.entities.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { KeyRotation } from './key-rotation.entity.js';
import { PhoneGuard } from './phone-guard.entity.js';
import { ProviderPace } from './provider-pace.entity.js';
import { UserGuard } from './user-guard.entity.js';
import { EventAnnouncerRow, VerificationEventRow } from './verification-event.entity.js';
import { VerificationRequest } from './verification-request.entity.js';
import { WebhookReceipt } from './webhook-receipt.entity.js';

export { PhoneGuard, UserGuard, VerificationEventRow, VerificationRequest };

/** What a host adds to the `entities` of its own data source. */
export const verificationEntities = [
  VerificationRequest,
  VerificationEventRow,
  EventAnnouncerRow,
  PhoneGuard,
  UserGuard,
  IdempotencyKey,
  WebhookReceipt,
  ProviderPace,
  KeyRotation,
  LimitBucket,
  LimitDay,
  BlockEntry,
  DestinationStop,
  MessagePrice,
  Decision,
];
