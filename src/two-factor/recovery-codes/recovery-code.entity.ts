import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One of a user's recovery codes. */
@Entity('otp_recovery_codes')
export class RecoveryCode {
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'otp_recovery_codes_pkey' })
  userId!: string;

  /** The code's first characters. They find the row and are not secret. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_recovery_codes_pkey' })
  selector!: string;

  /** The argon2id hash of the other characters. */
  @Column('text')
  hash!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;
}
