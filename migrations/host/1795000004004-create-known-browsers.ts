import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Browsers in which a user has signed in before. */
export class CreateKnownBrowsers1795000004004 implements MigrationInterface {
  readonly name = 'CreateKnownBrowsers1795000004004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_known_browsers (
        secret_hash bytea NOT NULL,
        user_id uuid NOT NULL,
        last_used_at timestamptz NOT NULL,
        CONSTRAINT host_known_browsers_pkey PRIMARY KEY (secret_hash),
        CONSTRAINT host_known_browsers_user FOREIGN KEY (user_id) REFERENCES host_users (id) ON DELETE CASCADE
      )`);
    await queryRunner.query(
      'CREATE INDEX host_known_browsers_user ON host_known_browsers (user_id, last_used_at)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE host_known_browsers');
  }
}
