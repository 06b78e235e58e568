import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A known text under each key that writes: an instance with other keys is not ready. */
export class CreateKeyCanaries1795000000013 implements MigrationInterface {
  readonly name = 'CreateKeyCanaries1795000000013';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_key_canaries (
        kind text NOT NULL,
        key_id text NOT NULL,
        value text NOT NULL,
        CONSTRAINT otp_key_canaries_pkey PRIMARY KEY (kind, key_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_key_canaries');
  }
}
