import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Wrong codes in a row for a user's factor, counted separately by where they come from. */
export class CreateFactorAttempts1795000002002 implements MigrationInterface {
  readonly name = 'CreateFactorAttempts1795000002002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_factor_attempts (
        user_id text NOT NULL,
        method text NOT NULL,
        source text NOT NULL DEFAULT 'untrusted',
        wrong_codes integer NOT NULL DEFAULT 0,
        wait_until timestamptz,
        locked_until timestamptz,
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT otp_factor_attempts_pkey PRIMARY KEY (user_id, method, source)
      ) WITH (fillfactor = 70)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_factor_attempts');
  }
}
