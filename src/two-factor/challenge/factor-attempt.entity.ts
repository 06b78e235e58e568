import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Wrong codes in a row for one factor of a user, from one source. See `FactorAttempts`. */
@Entity('otp_factor_attempts')
export class FactorAttempt {
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'otp_factor_attempts_pkey' })
  userId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_factor_attempts_pkey' })
  method!: string;

  /** `trusted`, `untrusted`, or `session` or `address` with a hash. */
  @PrimaryColumn('text', { default: 'untrusted', primaryKeyConstraintName: 'otp_factor_attempts_pkey' })
  source!: string;

  @Column('integer', { name: 'wrong_codes', default: 0 })
  wrongCodes!: number;

  @Column('timestamptz', { name: 'wait_until', nullable: true })
  waitUntil!: Date | null;

  @Column('timestamptz', { name: 'locked_until', nullable: true })
  lockedUntil!: Date | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'clock_timestamp()' })
  updatedAt!: Date;
}
