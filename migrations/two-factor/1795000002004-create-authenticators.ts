import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Authenticator apps of users, confirmed or being set up. */
export class CreateAuthenticators1795000002004 implements MigrationInterface {
  readonly name = 'CreateAuthenticators1795000002004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_authenticators (
        id uuid NOT NULL,
        user_id text NOT NULL,
        secret text NOT NULL,
        label text NOT NULL,
        begun_in text,
        created_at timestamptz NOT NULL DEFAULT now(),
        confirmed_at timestamptz,
        last_step bigint NOT NULL DEFAULT 0,
        last_used_in text,
        CONSTRAINT otp_authenticators_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX otp_authenticators_user ON otp_authenticators (user_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_authenticators');
  }
}
