import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * One row per number (and, for a user's confirmed factor, per user): names the number's live request, so that there is
 * never a second one, and counts its wrong codes. Taken and freed in the same statement as the request changes.
 */
@Entity('otp_number_slots')
@Index('otp_number_slots_locked', ['lockedAt'], { where: 'locked_at IS NOT NULL' })
export class NumberSlot {
  @PrimaryColumn('bytea', { name: 'phone_fingerprint', primaryKeyConstraintName: 'otp_number_slots_pkey' })
  phoneFingerprint!: Buffer;

  @PrimaryColumn('text', {
    name: 'confirmed_for',
    default: '',
    primaryKeyConstraintName: 'otp_number_slots_pkey',
  })
  confirmedFor!: string;

  @Column('uuid', { name: 'live_request_id', nullable: true })
  liveRequestId!: string | null;

  /** The number is free again after this moment, whatever became of the request. */
  @Column('timestamptz', { name: 'live_until', nullable: true })
  liveUntil!: Date | null;

  /** In a row, over all requests; a right code ends the row. */
  @Column('integer', { name: 'wrong_codes', default: 0 })
  wrongCodes!: number;

  /** No start and no check before this moment. */
  @Column('timestamptz', { name: 'wait_until', nullable: true })
  waitUntil!: Date | null;

  /** No start and no check for a day, unless somebody lifts the lock. */
  @Column('timestamptz', { name: 'locked_at', nullable: true })
  lockedAt!: Date | null;
}
