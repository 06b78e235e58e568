import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Wrong codes in a row of one user's factor, counted apart by who typed them: see `FactorLimits`. */
@Entity('factor_guards')
export class FactorGuard {
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'factor_guards_pkey' })
  userId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'factor_guards_pkey' })
  method!: string;

  /** `trusted`, `untrusted`, or the hash of a session or an address. */
  @PrimaryColumn('text', { default: 'untrusted', primaryKeyConstraintName: 'factor_guards_pkey' })
  source!: string;

  @Column('integer', { name: 'wrong_codes', default: 0 })
  wrongCodes!: number;

  @Column('timestamptz', { name: 'wait_until', nullable: true })
  waitUntil!: Date | null;

  @Column('timestamptz', { name: 'locked_until', nullable: true })
  lockedUntil!: Date | null;

  @Column('timestamptz', { name: 'updated_at', default: () => 'clock_timestamp()' })
  updatedAt!: Date;
}
