import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A notification of the provider that has had its effect; the same one again has none. */
@Entity('otp_webhook_receipts')
export class WebhookReceipt {
  /** SHA-256 of the body. */
  @PrimaryColumn('bytea', { name: 'payload_hash', primaryKeyConstraintName: 'otp_webhook_receipts_pkey' })
  payloadHash!: Buffer;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date;
}
