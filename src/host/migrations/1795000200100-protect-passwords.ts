import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Wrong passwords in a row, browsers that have signed in before, and links in e-mails. */
export class ProtectPasswords1795000200100 implements MigrationInterface {
  readonly name = 'ProtectPasswords1795000200100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_failed_passwords (
        account bytea NOT NULL,
        source text NOT NULL,
        failures integer NOT NULL,
        blocked_until timestamptz NOT NULL,
        last_failed_at timestamptz NOT NULL,
        CONSTRAINT host_failed_passwords_pkey PRIMARY KEY (account, source)
      )`);
    await queryRunner.query(
      'CREATE INDEX host_failed_passwords_last_failed_at ON host_failed_passwords (last_failed_at)',
    );
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
    await queryRunner.query('DROP TABLE host_known_browsers');
    await queryRunner.query('DROP TABLE host_failed_passwords');
  }
}
