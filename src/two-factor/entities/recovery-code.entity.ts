import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One code of a user's sheet. */
@Entity('recovery_codes')
export class RecoveryCode {
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'recovery_codes_pkey' })
  userId!: string;

  /** The code's first characters: which row to look at. No secret. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'recovery_codes_pkey' })
  selector!: string;

  /** argon2id of the rest. */
  @Column('text')
  hash!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;
}
