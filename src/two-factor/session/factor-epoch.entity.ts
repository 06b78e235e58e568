import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Counts the changes of a user's factors. Whatever was built on an earlier epoch is no longer valid. */
@Entity('otp_factor_epochs')
export class FactorEpoch {
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'otp_factor_epochs_pkey' })
  userId!: string;

  @Column('integer')
  epoch!: number;
}
