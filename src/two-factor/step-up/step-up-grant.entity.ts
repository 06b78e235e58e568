import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One action that has to be confirmed by a factor, and then the permission to do it once. */
@Entity('otp_step_up_grants')
export class StepUpGrant {
  /** UUID version 7. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_step_up_grants_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  /** The sign-in that may confirm and use it. */
  @Column('text')
  sid!: string;

  @Column('text')
  action!: string;

  /** SHA-256 of the action and its payload in canonical form. */
  @Column('bytea', { name: 'payload_hash' })
  payloadHash!: Buffer;

  /** What the user is shown. Encrypted, because it may name people and amounts. */
  @Column('text')
  summary!: string;

  /** The payload, and the path where the user continues: JSON, encrypted. */
  @Column('text')
  act!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'granted_at', nullable: true })
  grantedAt!: Date | null;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;

  /** Where the result is, of an action that was done when it was confirmed. */
  @Column('text', { name: 'done_path', nullable: true })
  donePath!: string | null;
}
