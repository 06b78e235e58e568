import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The demand for a fresh factor for one act, and then the leave to do it once. */
@Entity('step_up_grants')
export class StepUpGrant {
  /** Version 7. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'step_up_grants_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  /** SHA-256 of the session's id. */
  @Column('bytea', { name: 'session_hash' })
  sessionHash!: Buffer;

  @Column('text')
  action!: string;

  /** SHA-256 of the action and its payload in canonical form. */
  @Column('bytea', { name: 'payload_hash' })
  payloadHash!: Buffer;

  /** What the person is shown, sealed: it may name people and sums. */
  @Column('text')
  summary!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'granted_at', nullable: true })
  grantedAt!: Date | null;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;
}
