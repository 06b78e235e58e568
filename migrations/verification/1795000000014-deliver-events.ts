import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events that a webhook has not confirmed yet, and those that it refused too often (docs/events.md). */
export class DeliverEvents1795000000014 implements MigrationInterface {
  readonly name = 'DeliverEvents1795000000014';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_event_deliveries (
        id bigint GENERATED ALWAYS AS IDENTITY,
        request_id uuid NOT NULL,
        number integer NOT NULL,
        tries integer NOT NULL,
        next_at timestamptz NOT NULL,
        queued_at timestamptz NOT NULL,
        error text,
        dead_at timestamptz,
        CONSTRAINT otp_event_deliveries_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX otp_event_deliveries_event ON otp_event_deliveries (request_id, number)',
    );
    await queryRunner.query(
      'CREATE INDEX otp_event_deliveries_due ON otp_event_deliveries (next_at) WHERE dead_at IS NULL',
    );
    await queryRunner.query(
      'CREATE INDEX otp_event_deliveries_dead ON otp_event_deliveries (id) WHERE dead_at IS NOT NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_event_deliveries');
  }
}
