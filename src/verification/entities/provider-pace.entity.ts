import { Column, Entity, PrimaryColumn } from 'typeorm';

/** When the next call to the provider may be made, for all instances together. */
@Entity('provider_paces')
export class ProviderPace {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'provider_paces_pkey' })
  account!: string;

  @Column('timestamptz', { name: 'next_at' })
  nextAt!: Date;
}
