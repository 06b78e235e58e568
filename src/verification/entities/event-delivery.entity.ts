import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** An event of the journal that a webhook has not confirmed. */
@Entity('otp_event_deliveries')
@Index('otp_event_deliveries_event', ['requestId', 'number'], { unique: true })
@Index('otp_event_deliveries_due', ['nextAt'], { where: '(dead_at IS NULL)' })
@Index('otp_event_deliveries_dead', ['id'], { where: '(dead_at IS NOT NULL)' })
export class EventDelivery {
  /** Rising, in the order in which events were queued. */
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'otp_event_deliveries_pkey',
  })
  id!: string;

  @Column('uuid', { name: 'request_id' })
  requestId!: string;

  @Column('integer')
  number!: number;

  @Column('integer')
  tries!: number;

  /** When it is due; while an instance delivers it, when another one may. */
  @Column('timestamptz', { name: 'next_at' })
  nextAt!: Date;

  @Column('timestamptz', { name: 'queued_at' })
  queuedAt!: Date;

  /** Why the last try failed, such as `http 500`. */
  @Column('text', { nullable: true })
  error!: string | null;

  /** When it was given up. */
  @Column('timestamptz', { name: 'dead_at', nullable: true })
  deadAt!: Date | null;
}
