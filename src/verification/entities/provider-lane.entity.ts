import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One lane of a provider account: lets its share of the calls pass, then stays closed until a second after they were answered. */
@Entity('otp_provider_lanes')
export class ProviderLane {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'otp_provider_lanes_pkey' })
  account!: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'otp_provider_lanes_pkey' })
  lane!: number;

  /** When an instance may lease it. */
  @Column('timestamptz', { name: 'free_at' })
  freeAt!: Date;

  /** Of the claim that holds it; null when it was given back, or taken away by a pause. */
  @Column('uuid', { name: 'lease_token', nullable: true })
  leaseToken!: string | null;
}
