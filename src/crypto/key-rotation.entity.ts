import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a column has been brought under a pair of keys, so that a rotation that was killed resumes there. */
@Entity('otp_key_rotations')
export class KeyRotation {
  @PrimaryColumn('text', { name: 'encryption_key', primaryKeyConstraintName: 'otp_key_rotations_pkey' })
  encryptionKey!: string;

  @PrimaryColumn('text', { name: 'fingerprint_key', primaryKeyConstraintName: 'otp_key_rotations_pkey' })
  fingerprintKey!: string;

  /** Table and column, such as `enrolled_phones.phone_number`. */
  @PrimaryColumn('text', { name: 'column_name', primaryKeyConstraintName: 'otp_key_rotations_pkey' })
  column!: string;

  /** The last row that is done. */
  @Column('uuid', { name: 'last_id', nullable: true })
  lastId!: string | null;

  @Column('integer', { default: 0 })
  done!: number;

  /** How many of these rows could not be opened. */
  @Column('integer', { default: 0 })
  unreadable!: number;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
