import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A session can be shown to its user, ended by itself, and has an end that using it does not move. */
export class ListSessions1795000200400 implements MigrationInterface {
  readonly name = 'ListSessions1795000200400';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Earlier sessions do not say when their user signed in: everybody signs in once more.
    await queryRunner.query('DELETE FROM host_sessions');
    await queryRunner.query(`
      ALTER TABLE host_sessions
        ADD COLUMN id uuid NOT NULL,
        ADD COLUMN user_id text NOT NULL,
        ADD COLUMN browser text NOT NULL,
        ADD COLUMN address text NOT NULL,
        ADD COLUMN signed_in_at timestamptz NOT NULL,
        ADD COLUMN last_used_at timestamptz NOT NULL,
        ADD COLUMN ends_at timestamptz NOT NULL`);
    await queryRunner.query('CREATE UNIQUE INDEX host_sessions_id ON host_sessions (id)');
    await queryRunner.query('CREATE INDEX host_sessions_user ON host_sessions (user_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE host_sessions
        DROP COLUMN id, DROP COLUMN user_id, DROP COLUMN browser, DROP COLUMN address,
        DROP COLUMN signed_in_at, DROP COLUMN last_used_at, DROP COLUMN ends_at`);
  }
}
