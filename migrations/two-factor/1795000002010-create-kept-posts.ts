import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Forms that were posted with a factor that was too old, until a newer one is shown. */
export class CreateKeptPosts1795000002010 implements MigrationInterface {
  readonly name = 'CreateKeptPosts1795000002010';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_kept_posts (
        id uuid NOT NULL,
        user_id text NOT NULL,
        sid text NOT NULL,
        path text NOT NULL,
        about text NOT NULL,
        body text,
        expires_at timestamptz NOT NULL,
        CONSTRAINT otp_kept_posts_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX otp_kept_posts_user ON otp_kept_posts (user_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_kept_posts');
  }
}
