import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { MessageEnd } from '../provider/message-sender/code-messages.repository.js';

/**
 * A message that was sent with a `MessageSender`. Its code is not here: it is computed from the id and a key. Deleted an
 * hour after it has expired.
 */
@Entity('otp_code_messages')
@Index('otp_code_messages_live', ['phoneFingerprint'], { unique: true, where: 'ended_as IS NULL' })
@Check(
  'otp_code_messages_ended_as',
  `ended_as IN ('verified', 'failed', 'cancelled', 'expired', 'rejected', 'not-sent')`,
)
export class CodeMessage {
  /** Random, because the code depends on it. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_code_messages_pkey' })
  id!: string;

  @Column('bytea', { name: 'phone_fingerprint' })
  phoneFingerprint!: Buffer;

  /** Names the verification request that it was sent for. */
  @Column('text', { name: 'client_reference' })
  clientReference!: string;

  /** The fingerprint key that its code is computed with. */
  @Column('text', { name: 'key_id' })
  keyId!: string;

  @Column('smallint', { name: 'code_length' })
  codeLength!: number;

  /** Codes that were checked. */
  @Column('smallint', { default: 0 })
  attempts!: number;

  /** How often the gateway was asked to send it. */
  @Column('smallint')
  tries!: number;

  /** While it is unknown whether it went out: when another process may find out. */
  @Column('timestamptz', { name: 'lease_until' })
  leaseUntil!: Date;

  /** When the gateway took it; null while that is not known. */
  @Column('timestamptz', { name: 'sent_at', nullable: true })
  sentAt!: Date | null;

  /** Null while its code is accepted. */
  @Column('text', { name: 'ended_as', nullable: true })
  endedAs!: MessageEnd | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
