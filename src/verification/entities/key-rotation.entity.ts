import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the rows have been brought under a pair of keys, so that a killed run goes on where it was. */
@Entity('key_rotations')
export class KeyRotation {
  @PrimaryColumn('text', { name: 'encryption_key', primaryKeyConstraintName: 'key_rotations_pkey' })
  encryptionKey!: string;

  @PrimaryColumn('text', { name: 'fingerprint_key', primaryKeyConstraintName: 'key_rotations_pkey' })
  fingerprintKey!: string;

  @Column('uuid', { name: 'last_id', nullable: true })
  lastId!: string | null;

  @Column('integer', { default: 0 })
  done!: number;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
