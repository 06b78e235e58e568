import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Wrong codes in a row of one user, over all numbers and requests; confirmed factors apart from everything else. */
@Entity('otp_user_wrong_codes')
@Index('otp_user_wrong_codes_locked', ['lockedAt'], { where: 'locked_at IS NOT NULL' })
export class UserWrongCodes {
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'otp_user_wrong_codes_pkey' })
  userId!: string;

  @PrimaryColumn('boolean', { primaryKeyConstraintName: 'otp_user_wrong_codes_pkey' })
  confirmed!: boolean;

  @Column('integer', { name: 'wrong_codes', default: 0 })
  wrongCodes!: number;

  @Column('timestamptz', { name: 'wait_until', nullable: true })
  waitUntil!: Date | null;

  @Column('timestamptz', { name: 'locked_at', nullable: true })
  lockedAt!: Date | null;
}
