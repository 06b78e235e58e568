import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Passkeys of users, and the challenges that their authenticators are to sign. */
export class CreatePasskeys1795000002009 implements MigrationInterface {
  readonly name = 'CreatePasskeys1795000002009';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_passkeys (
        id uuid NOT NULL,
        user_id text NOT NULL,
        credential_id text NOT NULL,
        public_key bytea NOT NULL,
        counter bigint NOT NULL,
        transports text[] NOT NULL,
        label text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_used_at timestamptz,
        CONSTRAINT otp_passkeys_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX otp_passkeys_user ON otp_passkeys (user_id)');
    await queryRunner.query('CREATE UNIQUE INDEX otp_passkeys_credential ON otp_passkeys (credential_id)');
    await queryRunner.query(`
      CREATE TABLE otp_passkey_challenges (
        challenge text NOT NULL,
        user_id text NOT NULL,
        sid text NOT NULL,
        purpose text NOT NULL,
        epoch integer NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT otp_passkey_challenges_pkey PRIMARY KEY (challenge)
      )`);
    await queryRunner.query('CREATE INDEX otp_passkey_challenges_user ON otp_passkey_challenges (user_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_passkey_challenges');
    await queryRunner.query('DROP TABLE otp_passkeys');
  }
}
