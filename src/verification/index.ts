export {
  CONFIRMED,
  countryRule,
  type EvaluatedRule,
  type FactRule,
  type MessageAttempt,
  type MessageRule,
  MessageRules,
  type RuleMode,
  type SharedReceipt,
  type SharedRule,
  type WindowRule,
} from './start/message-rules.js';
export type { AcceptanceToAllow, Allowance, Refusal, StartToAllow } from './interception.js';
export { CountersRepository } from './start/counters.repository.js';
export type { Caller } from './domain/caller.js';
export { VERIFICATION_ERRORS, type VerificationErrorCode } from './domain/error-catalogue.js';
export {
  type EndReason,
  PUBLIC_STATUSES,
  type PublicStatus,
  type Status,
  transition,
  TRANSITIONS,
} from './domain/lifecycle.js';
export type * from './provider/outcomes.js';
export {
  type Channel,
  isCountry,
  maskPhoneNumber,
  type NumberDefect,
  type NumberReading,
  PhoneNumber,
} from './domain/phone-number.js';
export { type CodeDefect, LONGEST_TYPED_CODE, readTypedCode } from './domain/one-time-code.js';
export {
  DEFAULT_POLICY,
  longestLifeSeconds,
  type VerificationPolicy,
  wrongCodeWaits,
} from './domain/policy.js';
export type { Actor, EventType, VerificationEvent } from './domain/verification-event.js';
export {
  publicStatus,
  type VerificationContext,
  type VerificationRecord,
} from './domain/verification-record.js';
export { type StartRequest, VerificationProvider } from './provider/verification-provider.js';
export {
  MessageSender,
  type OutgoingMessage,
  type SendOutcome,
} from './provider/message-sender/message-sender.js';
export type { MessageParts, MessageTextOptions } from './provider/message-sender/message-text.js';
export { CheckVerificationDto, ResendVerificationDto } from './dto/on-verification.dto.js';
export { describeService } from './dto/service.resource.js';
export { StartVerificationDto } from './dto/start-verification.dto.js';
export { toResource, VerificationResource } from './dto/verification.resource.js';
export { BLOCK_KINDS, BlockEntry, type BlockKind, DestinationStop } from './entities/limits.entities.js';
export {
  NumberSlot,
  protectionEntities,
  verificationEntities,
  VerificationRequest,
} from './entities/index.js';
export { type DeadLetter, type DeliveryBacklog, DeliveryQueue } from './event-delivery/delivery-queue.js';
export type { EventDeliveryOptions, EventWebhookOptions } from './event-delivery/event-delivery.options.js';
export { eventId, type EventMessage } from './event-delivery/event-message.js';
export { EventsFile, type EventLine } from './event-delivery/events-file.js';
export { type FindingKind, Findings, type JournalFinding } from './journal/findings.js';
export { VERIFICATION_EVENT } from './journal/journal-publisher.service.js';
export { JournalLag, type ReaderLag } from './journal/journal-lag.js';
export { JournalRestorer } from './journal/journal-restorer.service.js';
export { JournalSealer, type NewestSeal } from './journal/journal-sealer.service.js';
export type { JournalBatch } from './journal/journal-reader.js';
export type { JournalSource } from './journal/journal-source.js';
export { type JournalReport, JournalVerifier } from './journal/journal-verifier.service.js';
export { type KeptSeal, type SealReport, SealVerifier } from './journal/seal-verifier.service.js';
export { KeyCanary, KeyRotator, type RotationProgress, type UnreadableRow } from '../crypto/index.js';
export { VerificationModule } from './verification.module.js';
export type { VerificationModuleExtras } from './verification.module-definition.js';
export { originOf } from './verification.caller.js';
export { CodeForm } from './verification.code-form.js';
export { PhoneForm } from './verification.forms.js';
export { numberProblem, problemOf, resourceOrProblem } from './verification.problems.js';
export { VERIFICATION_DEFAULTS, VERIFICATION_POLICY } from './verification.options.js';
export {
  InjectVerificationOptions,
  type MessageOptions,
  type ResolvedVerificationOptions,
  type Throttle,
  type VerificationModuleOptions,
  type VonageOptions,
} from './verification.options.js';
export { type ReconcileReport, VerificationReconciler } from './recovery/reconciler.js';
export { failure } from './verification.results.js';
export type {
  SimulatedStart,
  VerificationFailure,
  VerificationResult,
  VerificationSuccess,
} from './verification.results.js';
export { VerificationService } from './verification.service.js';
export type { OnVerification, StartVerification } from './verification.input.js';
