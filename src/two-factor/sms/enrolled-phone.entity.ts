import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Encrypted } from '../../crypto/index.js';

/** A number that a user has proven to control. Numbers that are not proven have no row. */
@Entity('otp_enrolled_phones')
@Index('enrolled_phones_user_number', ['userId', 'phoneFingerprint'], { unique: true })
@Index('otp_enrolled_phones_primary', ['userId'], { unique: true, where: 'is_primary' })
@Index('otp_enrolled_phones_exclusive', ['exclusiveFingerprint'], { unique: true })
export class EnrolledPhone {
  /** UUID version 7. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'otp_enrolled_phones_pkey' })
  id!: string;

  @Column('text', { name: 'user_id' })
  userId!: string;

  @Encrypted('enrolled_phones.phone_number', { fingerprints: ['phoneFingerprint', 'exclusiveFingerprint'] })
  @Column('text', { name: 'phone_number' })
  sealedNumber!: string;

  @Column('bytea', { name: 'phone_fingerprint' })
  phoneFingerprint!: Buffer;

  /** The same fingerprint where a number may belong to one user only; null where several may share it. */
  @Column('bytea', { name: 'exclusive_fingerprint', nullable: true })
  exclusiveFingerprint!: Buffer | null;

  @Column('text', { name: 'phone_country' })
  phoneCountry!: string;

  @Column('text', { name: 'phone_last_digits' })
  phoneLastDigits!: string;

  @Column('text')
  label!: string;

  @Column('boolean', { name: 'is_primary' })
  isPrimary!: boolean;

  /** When it was imported; null for a number that was proven here. */
  @Column('timestamptz', { name: 'imported_at', nullable: true })
  importedAt!: Date | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' })
  createdAt!: Date;
}
