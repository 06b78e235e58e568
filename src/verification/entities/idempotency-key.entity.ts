import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was answered to a call that carried an `Idempotency-Key`, for a day. */
@Entity('otp_idempotency_keys')
export class IdempotencyKey {
  /** Of route, caller (if it showed more than an address) and key. */
  @PrimaryColumn('bytea', { name: 'key_fingerprint', primaryKeyConstraintName: 'otp_idempotency_keys_pkey' })
  keyFingerprint!: Buffer;

  @Column('bytea', { name: 'body_fingerprint' })
  bodyFingerprint!: Buffer;

  /** The resource or the problem; null while the first call is under way. */
  @Column('jsonb', { nullable: true })
  answer!: unknown;

  /** The call under way may be given up on after this moment. */
  @Column('timestamptz', { name: 'locked_until' })
  lockedUntil!: Date;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
