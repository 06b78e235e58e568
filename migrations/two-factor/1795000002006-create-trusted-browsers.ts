import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Browsers that a user trusts: no second factor is asked there. */
export class CreateTrustedBrowsers1795000002006 implements MigrationInterface {
  readonly name = 'CreateTrustedBrowsers1795000002006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_trusted_browsers (
        id uuid NOT NULL,
        user_id text NOT NULL,
        secret_hash bytea NOT NULL,
        epoch integer NOT NULL,
        description text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        CONSTRAINT otp_trusted_browsers_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX otp_trusted_browsers_user ON otp_trusted_browsers (user_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_trusted_browsers');
  }
}
