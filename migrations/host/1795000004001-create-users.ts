import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users of the reference host. */
export class CreateUsers1795000004001 implements MigrationInterface {
  readonly name = 'CreateUsers1795000004001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_users (
        id uuid NOT NULL,
        email text NOT NULL,
        password_hash text NOT NULL,
        role text NOT NULL DEFAULT 'user',
        locale text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT host_users_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE UNIQUE INDEX host_users_email ON host_users (email)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE host_users');
  }
}
