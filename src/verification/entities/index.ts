import {
  BlockEntry,
  Decision,
  DestinationStop,
  RateCounter,
  DailyCounter,
  MessagePrice,
} from './limits.entities.js';
import { CodeMessage } from './code-message.entity.js';
import { EventDelivery } from './event-delivery.entity.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { JournalCursor, JournalSeal } from './journal.entities.js';
import { KeyCanaryRow, KeyRotation } from '../../crypto/index.js';
import { NumberSlot } from './number-slot.entity.js';
import { ProviderLane } from './provider-lane.entity.js';
import { UserWrongCodes } from './user-wrong-codes.entity.js';
import { VerificationEventRow } from './verification-event.entity.js';
import { VerificationRequest } from './verification-request.entity.js';
import { WebhookReceipt } from './webhook-receipt.entity.js';

export { NumberSlot, UserWrongCodes, VerificationEventRow, VerificationRequest };

/** The entities of `VerificationModule`. */
export const verificationEntities = [
  VerificationRequest,
  VerificationEventRow,
  JournalSeal,
  JournalCursor,
  EventDelivery,
  NumberSlot,
  UserWrongCodes,
  IdempotencyKey,
  WebhookReceipt,
  CodeMessage,
  ProviderLane,
  KeyCanaryRow,
  KeyRotation,
  RateCounter,
  DailyCounter,
  Decision,
];

/** The entities of `ProtectionModule`. */
export const protectionEntities = [BlockEntry, DestinationStop, MessagePrice];
