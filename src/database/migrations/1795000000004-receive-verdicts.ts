import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Checks whose answer was lost, what the provider says of them later, and what requests cost. */
export class ReceiveVerdicts1795000000004 implements MigrationInterface {
  readonly name = 'ReceiveVerdicts1795000000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE verification_requests
        ADD COLUMN check_in_doubt boolean NOT NULL DEFAULT false,
        ADD COLUMN provider_verdict text,
        ADD COLUMN price numeric(12,4),
        ADD COLUMN currency text`);
    await queryRunner.query(`
      CREATE TABLE webhook_receipts (
        payload_hash bytea NOT NULL,
        received_at timestamptz NOT NULL,
        CONSTRAINT webhook_receipts_pkey PRIMARY KEY (payload_hash)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE webhook_receipts');
    await queryRunner.query(`
      ALTER TABLE verification_requests
        DROP COLUMN check_in_doubt, DROP COLUMN provider_verdict, DROP COLUMN price, DROP COLUMN currency`);
  }
}
