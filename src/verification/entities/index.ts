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
import { NumberSlot } from './number-slot.entity.js';
import { ProviderLane } from './provider-lane.entity.js';
import { UserWrongCodes } from './user-wrong-codes.entity.js';
import { EventAnnouncerRow, VerificationEventRow } from './verification-event.entity.js';
import { VerificationRequest } from './verification-request.entity.js';
import { WebhookReceipt } from './webhook-receipt.entity.js';

export { NumberSlot, UserWrongCodes, VerificationEventRow, VerificationRequest };

/** What a host adds to the `entities` of its own data source. */
export const verificationEntities = [
  VerificationRequest,
  VerificationEventRow,
  EventAnnouncerRow,
  NumberSlot,
  UserWrongCodes,
  IdempotencyKey,
  WebhookReceipt,
  ProviderLane,
  KeyRotation,
  LimitBucket,
  LimitDay,
  BlockEntry,
  DestinationStop,
  MessagePrice,
  Decision,
];
