import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Wrong codes in a row of one user's factor that sends nothing: an authenticator app, recovery codes. */
@Entity('factor_guards')
export class FactorGuard {
  @PrimaryColumn('text', { name: 'user_id', primaryKeyConstraintName: 'factor_guards_pkey' })
  userId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'factor_guards_pkey' })
  method!: string;

  @Column('integer', { name: 'wrong_codes', default: 0 })
  wrongCodes!: number;

  @Column('timestamptz', { name: 'wait_until', nullable: true })
  waitUntil!: Date | null;
}
