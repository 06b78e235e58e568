import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happened to accounts lately, for their owners. */
export class CreateActivity1795000004007 implements MigrationInterface {
  readonly name = 'CreateActivity1795000004007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_activity (
        id uuid NOT NULL,
        user_id text NOT NULL,
        type text NOT NULL,
        detail text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT host_activity_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX host_activity_user ON host_activity (user_id, at)');
    await queryRunner.query('CREATE INDEX host_activity_at ON host_activity (at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE host_activity');
  }
}
