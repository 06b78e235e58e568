import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Recovery codes, hashed. */
export class CreateRecoveryCodes1795000002005 implements MigrationInterface {
  readonly name = 'CreateRecoveryCodes1795000002005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_recovery_codes (
        user_id text NOT NULL,
        selector text NOT NULL,
        hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        used_at timestamptz,
        CONSTRAINT otp_recovery_codes_pkey PRIMARY KEY (user_id, selector)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_recovery_codes');
  }
}
