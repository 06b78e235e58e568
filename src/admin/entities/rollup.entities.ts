import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

// TypeORM writes into what it is given: every column needs its own.
const ROLLUP_KEY = () => ({ primaryKeyConstraintName: 'otp_verification_rollups_pkey' });
const STATUS_KEY = () => ({ primaryKeyConstraintName: 'otp_provider_status_rollups_pkey' });

/** What was begun within one hour or day (UTC), and what has become of it. */
@Entity('otp_verification_rollups')
@Check('otp_verification_rollups_grain', `grain IN ('hour', 'day')`)
export class VerificationRollup {
  @PrimaryColumn('text', ROLLUP_KEY())
  grain!: 'hour' | 'day';

  /** Its beginning. */
  @PrimaryColumn('timestamptz', ROLLUP_KEY())
  at!: Date;

  @PrimaryColumn('text', ROLLUP_KEY())
  country!: string;

  @PrimaryColumn('text', ROLLUP_KEY())
  channel!: string;

  /** The currency of the cost; empty where no cost is known. */
  @PrimaryColumn('text', ROLLUP_KEY())
  currency!: string;

  @Column('integer')
  started!: number;

  /** That the provider has taken. */
  @Column('integer')
  messages!: number;

  /** Of these, those that it has reported as held back. */
  @Column('integer')
  undelivered!: number;

  @Column('integer')
  verified!: number;

  @Column('numeric', { precision: 14, scale: 4 })
  cost!: string;

  /** How many were verified within which time: a histogram with the bounds of `histogram.ts`. */
  @Column('integer', { array: true })
  seconds!: number[];
}

/** How often the provider said what, within one hour or day. */
@Entity('otp_provider_status_rollups')
export class ProviderStatusRollup {
  @PrimaryColumn('text', STATUS_KEY())
  grain!: 'hour' | 'day';

  @PrimaryColumn('timestamptz', STATUS_KEY())
  at!: Date;

  /** Of the event. */
  @PrimaryColumn('text', STATUS_KEY())
  type!: string;

  @PrimaryColumn('text', { name: 'provider_status', ...STATUS_KEY() })
  providerStatus!: string;

  @Column('integer')
  count!: number;
}

/** How far the rollups have come; one row. */
@Entity('otp_rollup_state')
@Check('otp_rollup_state_one', 'id = 1')
export class RollupState {
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'otp_rollup_state_pkey' })
  id!: number;

  /** Every hour before this one has been rolled up once. */
  @Column('timestamptz', { name: 'built_until', nullable: true })
  builtUntil!: Date | null;

  /** Whatever happened before this moment is in the rollups. */
  @Column('timestamptz', { name: 'events_until', nullable: true })
  eventsUntil!: Date | null;

  /** Hours before this one are final: their requests may be gone. */
  @Column('timestamptz', { name: 'frozen_before', nullable: true })
  frozenBefore!: Date | null;
}
