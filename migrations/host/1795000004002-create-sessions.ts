import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sessions of signed-in users and of visitors. */
export class CreateSessions1795000004002 implements MigrationInterface {
  readonly name = 'CreateSessions1795000004002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_sessions (
        sid text NOT NULL,
        id uuid NOT NULL,
        sess json NOT NULL,
        user_id text NOT NULL,
        browser text NOT NULL,
        address text NOT NULL,
        signed_in_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expire timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        CONSTRAINT host_sessions_pkey PRIMARY KEY (sid)
      )`);
    await queryRunner.query('CREATE UNIQUE INDEX host_sessions_id ON host_sessions (id)');
    await queryRunner.query('CREATE INDEX host_sessions_user ON host_sessions (user_id)');
    await queryRunner.query('CREATE INDEX host_sessions_expire ON host_sessions (expire)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE host_sessions');
  }
}
