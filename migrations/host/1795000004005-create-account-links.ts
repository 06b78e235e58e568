import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links in e-mails: confirm an address, set a new password. */
export class CreateAccountLinks1795000004005 implements MigrationInterface {
  readonly name = 'CreateAccountLinks1795000004005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_account_links (
        token_hash bytea NOT NULL,
        purpose text NOT NULL,
        email text NOT NULL,
        user_id uuid,
        password_digest bytea,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        CONSTRAINT host_account_links_pkey PRIMARY KEY (token_hash),
        CONSTRAINT host_account_links_user FOREIGN KEY (user_id) REFERENCES host_users (id) ON DELETE CASCADE
      )`);
    await queryRunner.query(
      'CREATE INDEX host_account_links_email ON host_account_links (email, created_at)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE host_account_links');
  }
}
