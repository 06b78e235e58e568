import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Counts the changes of a user's factors: whatever was built on the factors of before is worth nothing any more. */
@Entity('factor_epochs')
export class FactorEpoch {
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'factor_epochs_pkey' })
  userId!: string;

  @Column('integer')
  epoch!: number;
}
