import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { EndReason, Status } from '../domain/lifecycle.js';
import type { Actor, EventType } from '../domain/verification-event.js';

/** How a request ended, and nothing else that an event can be. */
const ENDS = `from_status IS DISTINCT FROM to_status AND to_status IN ('VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED')`;

/** One change of one request. Append-only by privilege; `otp_journal_seals` shows whether somebody changed it anyway. */
@Entity('otp_verification_events')
@Index('otp_verification_events_at', { synchronize: false }) // BRIN, which TypeORM cannot express: see the migration
@Index('otp_verification_events_ends', ['toStatus', 'requestId'], { where: ENDS })
@Index('otp_verification_events_reason', ['reason', 'requestId'], { where: 'reason IS NOT NULL' })
@Index('otp_verification_events_xid', ['xid'])
@Index('otp_verification_events_provider', ['providerRequestId'], {
  where: 'provider_request_id IS NOT NULL',
})
export class VerificationEventRow {
  @PrimaryColumn('uuid', { name: 'request_id', primaryKeyConstraintName: 'otp_verification_events_pkey' })
  requestId!: string;

  /** 1, 2, 3… within the request. */
  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'otp_verification_events_pkey' })
  number!: number;

  @Column('timestamptz')
  at!: Date;

  @Column('text')
  type!: EventType;

  @Column('text', { name: 'from_status', nullable: true })
  fromStatus!: Status | null;

  @Column('text', { name: 'to_status' })
  toStatus!: Status;

  @Column('text', { nullable: true })
  reason!: EndReason | null;

  @Column('text')
  actor!: Actor;

  /** What the provider said, in our words and its numbers; never a body. */
  @Column('text', { name: 'provider_status', nullable: true })
  providerStatus!: string | null;

  @Column('numeric', { precision: 12, scale: 4, nullable: true })
  price!: string | null;

  @Column('text', { nullable: true })
  currency!: string | null;

  /** Of the message that this event is about, where the provider gave it one. */
  @Column('text', { name: 'provider_request_id', nullable: true })
  providerRequestId!: string | null;

  /** The transaction that wrote the row. Readers use it to tell which rows can no longer be followed by earlier ones. */
  // The default is pg_current_xact_id()::text::bigint; TypeORM compares defaults without their casts.
  @Column('bigint', { default: () => '((pg_current_xact_id()))' })
  xid!: string;
}
