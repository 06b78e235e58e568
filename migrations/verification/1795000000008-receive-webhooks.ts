import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Webhooks that have been received, so that a replayed one is rejected. */
export class ReceiveWebhooks1795000000008 implements MigrationInterface {
  readonly name = 'ReceiveWebhooks1795000000008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_webhook_receipts (
        payload_hash bytea NOT NULL,
        received_at timestamptz NOT NULL,
        CONSTRAINT otp_webhook_receipts_pkey PRIMARY KEY (payload_hash)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_webhook_receipts');
  }
}
