import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Wrong codes in a row of a user, over all of their requests. */
export class CreateUserWrongCodes1795000000003 implements MigrationInterface {
  readonly name = 'CreateUserWrongCodes1795000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_user_wrong_codes (
        user_id text NOT NULL,
        confirmed boolean NOT NULL,
        wrong_codes integer NOT NULL DEFAULT 0,
        wait_until timestamptz,
        locked_at timestamptz,
        CONSTRAINT otp_user_wrong_codes_pkey PRIMARY KEY (user_id, confirmed)
      ) WITH (fillfactor = 70)`);
    // The background job that ends old locks reads it.
    await queryRunner.query(
      'CREATE INDEX otp_user_wrong_codes_locked ON otp_user_wrong_codes (locked_at) WHERE locked_at IS NOT NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_user_wrong_codes');
  }
}
