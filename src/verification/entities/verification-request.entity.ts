import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Encrypted } from '../../crypto/index.js';
import { CARRY_OVER } from '../carry-over.js';
import type { Channel } from '../domain/phone-number.js';
import type { ProviderVerdict } from '../provider/outcomes.js';
import type { VerificationContext } from '../domain/verification-record.js';
import { type EndReason, type Status, STATUSES } from '../domain/lifecycle.js';

/**
 * One persisted try to prove control of a number.
 *
 * Indexes are on columns that never change: an index that mentions a changing one (status, provider id, expiry) would
 * end HOT updates (docs/decisions/0003). The hot path does not go through this class but through the named statements of
 * `verification.statements.ts`; it serves migrations and administration.
 */
@Entity('otp_verification_requests')
@Index('otp_verification_requests_phone', ['phoneFingerprint', 'createdAt'])
@Index('otp_verification_requests_user', ['userId', 'createdAt', 'id'], { where: 'user_id IS NOT NULL' })
@Index('otp_verification_requests_country', ['phoneCountry', 'id'])
@Index('otp_verification_requests_purpose', ['purpose', 'id'])
@Index('otp_verification_requests_channel', ['channel', 'id']) // a resend writes the same channel: still HOT
@Index('otp_verification_requests_address', ['callerAddress', 'id'], { where: 'caller_address IS NOT NULL' })
@Index('otp_verification_requests_created', { synchronize: false }) // BRIN, which TypeORM cannot express: see the migration
@Check(
  'otp_verification_requests_status',
  `status IN (${STATUSES.map((status) => `'${status}'`).join(', ')})`,
)
@Check('otp_verification_requests_attempts', 'attempts >= 0 AND attempts <= max_attempts')
export class VerificationRequest {
  /** UUID v7, made by the application. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_verification_requests_pkey' })
  id!: string;

  @Column('text')
  purpose!: string;

  @Column('text')
  status!: Status;

  /** Why it ended without success. */
  @Column('text', { nullable: true })
  reason!: EndReason | null;

  @Column('text')
  channel!: Channel;

  /** E.164, encrypted; null once erased. */
  @Encrypted('verification_requests.phone_number', {
    fingerprints: ['phoneFingerprint'],
    moveFingerprint: async (statements, newest, older) => {
      await statements.all(CARRY_OVER, { newest, older: [older] });
    },
  })
  @Column('text', { name: 'phone_number', nullable: true })
  sealedNumber!: string | null;

  @Column('bytea', { name: 'phone_fingerprint' })
  phoneFingerprint!: Buffer;

  @Column('text', { name: 'phone_country' })
  phoneCountry!: string;

  @Column('text', { name: 'phone_last_digits' })
  phoneLastDigits!: string;

  /** Whoever started it limits wrong codes over all requests, and the guards do not: `StartVerification.callerCountsWrongCodes`. */
  @Column('boolean', { name: 'counted_by_caller', default: false })
  countedByCaller!: boolean;

  /** The user whose confirmed factor this number is; empty for everyone else. Half of the key of otp_number_slots. */
  @Column('text', { name: 'confirmed_for', default: '' })
  confirmedFor!: string;

  @Column('text', { name: 'user_id', nullable: true })
  userId!: string | null;

  /** Of the first six digits, for the share of starts that are verified. */
  @Column('bytea', { name: 'prefix_fingerprint', nullable: true })
  prefixFingerprint!: Buffer | null;

  /** Who asked for it: IPv4, or the /64 of an IPv6 address; null once erased. */
  @Column('text', { name: 'caller_address', nullable: true })
  callerAddress!: string | null;

  /** The browser's name for itself, cut off. */
  @Column('text', { name: 'caller_agent', nullable: true })
  callerAgent!: string | null;

  /** Fingerprint of what the caller showed at the start. */
  @Column('bytea', { name: 'caller_fingerprint' })
  callerFingerprint!: Buffer;

  /** True when the caller showed something only it has (a user, a session): then only it may use the request. */
  @Column('boolean', { name: 'caller_bound' })
  callerBound!: boolean;

  /** Of the session or device that asked; then codes are accepted from no other. */
  @Column('bytea', { name: 'prover_fingerprint', nullable: true })
  proverFingerprint!: Buffer | null;

  /** What the application keeps with the request: what the proof is bound to. */
  @Column('jsonb', { nullable: true })
  context!: VerificationContext | null;

  @Column('text', { nullable: true })
  locale!: string | null;

  @Column('text', { nullable: true })
  brand!: string | null;

  @Column('smallint', { name: 'code_length' })
  codeLength!: number;

  /** Spent before the provider is asked. */
  @Column('smallint', { default: 0 })
  attempts!: number;

  @Column('smallint', { name: 'max_attempts' })
  maxAttempts!: number;

  /** How many messages may be sent for it, the first one included. */
  @Column('smallint', { name: 'max_sends' })
  maxSends!: number;

  /** Messages asked of the provider. */
  @Column('smallint', { default: 1 })
  sends!: number;

  /** The answer of a check was lost: only the provider knows whether its code was right. */
  @Column('boolean', { name: 'check_in_doubt', default: false })
  checkInDoubt!: boolean;

  /** While a check is under way: of its code, and of who typed it. */
  @Column('bytea', { name: 'claim_fingerprint', nullable: true })
  claimFingerprint!: Buffer | null;

  /** The same of the check in doubt: a late verdict belongs to it. Empty: two codes are in doubt, and it belongs to neither. */
  @Column('bytea', { name: 'doubt_fingerprint', nullable: true })
  doubtFingerprint!: Buffer | null;

  /** What the provider's webhooks say has become of the request. */
  @Column('text', { name: 'provider_verdict', nullable: true })
  providerVerdict!: ProviderVerdict | null;

  /** What the provider charged, as far as it has told. */
  @Column('numeric', { precision: 12, scale: 4, nullable: true })
  price!: string | null;

  @Column('text', { nullable: true })
  currency!: string | null;

  @Column('text')
  provider!: string;

  @Column('text', { name: 'provider_request_id', nullable: true })
  providerRequestId!: string | null;

  /** Set while it is unknown whether a message went out. In the past: any process may find out. */
  @Column('timestamptz', { name: 'send_lease_until', nullable: true })
  sendLeaseUntil!: Date | null;

  /** Names the one check or resend under way; it lapses at `lease_until`. */
  @Column('uuid', { name: 'lease_token', nullable: true })
  leaseToken!: string | null;

  @Column('timestamptz', { name: 'lease_until', nullable: true })
  leaseUntil!: Date | null;

  /** When the provider took the newest message; null before the first. */
  @Column('timestamptz', { name: 'sent_at', nullable: true })
  sentAt!: Date | null;

  @Column('timestamptz', { name: 'resend_available_at', nullable: true })
  resendAvailableAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'verified_at', nullable: true })
  verifiedAt!: Date | null;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;

  /** How many events the journal has of it. */
  @Column('smallint', { default: 0 })
  events!: number;
}
