import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tokens of the administration's API. */
export class CreateApiTokens1795000003001 implements MigrationInterface {
  readonly name = 'CreateApiTokens1795000003001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_api_tokens (
        id uuid NOT NULL,
        parent_id uuid,
        name text NOT NULL,
        secret_hash bytea NOT NULL,
        scopes text[] NOT NULL,
        author text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT otp_api_tokens_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX otp_api_tokens_parent ON otp_api_tokens (parent_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_api_tokens');
  }
}
