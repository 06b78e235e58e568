import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row per number: its live request, and the wrong codes in a row over all of its requests. */
export class CreateNumberSlots1795000000002 implements MigrationInterface {
  readonly name = 'CreateNumberSlots1795000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_number_slots (
        phone_fingerprint bytea NOT NULL,
        confirmed_for text NOT NULL DEFAULT '',
        live_request_id uuid,
        live_until timestamptz,
        wrong_codes integer NOT NULL DEFAULT 0,
        wait_until timestamptz,
        locked_at timestamptz,
        CONSTRAINT otp_number_slots_pkey PRIMARY KEY (phone_fingerprint, confirmed_for)
      ) WITH (fillfactor = 70)`);
    // The background job that ends old locks reads it.
    await queryRunner.query(
      'CREATE INDEX otp_number_slots_locked ON otp_number_slots (locked_at) WHERE locked_at IS NOT NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_number_slots');
  }
}
