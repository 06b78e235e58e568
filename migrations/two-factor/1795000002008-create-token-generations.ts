import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which bearer token of a sign-in is the newest: a token that was replaced cannot be taken back otherwise. */
export class CreateTokenGenerations1795000002008 implements MigrationInterface {
  readonly name = 'CreateTokenGenerations1795000002008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_token_generations (
        sid uuid NOT NULL,
        user_id text NOT NULL,
        generation integer NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT otp_token_generations_pkey PRIMARY KEY (sid)
      )`);
    await queryRunner.query('CREATE INDEX otp_token_generations_user ON otp_token_generations (user_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_token_generations');
  }
}
