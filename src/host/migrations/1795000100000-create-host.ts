import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users and their sessions. */
export class CreateHost1795000100000 implements MigrationInterface {
  readonly name = 'CreateHost1795000100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_users (
        id uuid NOT NULL,
        email text NOT NULL,
        password_hash text NOT NULL,
        role text NOT NULL DEFAULT 'user',
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT host_users_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(`CREATE UNIQUE INDEX host_users_email ON host_users (email)`);
    await queryRunner.query(`
      CREATE TABLE host_sessions (
        sid text NOT NULL,
        sess json NOT NULL,
        expire timestamptz NOT NULL,
        CONSTRAINT host_sessions_pkey PRIMARY KEY (sid)
      )`);
    await queryRunner.query(`CREATE INDEX host_sessions_expire ON host_sessions (expire)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE host_sessions');
    await queryRunner.query('DROP TABLE host_users');
  }
}
