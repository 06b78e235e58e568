import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit: one row per act of an administrator. */
export class CreateAudit1795000003002 implements MigrationInterface {
  readonly name = 'CreateAudit1795000003002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE admin_audit (
        number bigint NOT NULL,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        target text,
        reason text NOT NULL,
        details jsonb NOT NULL,
        CONSTRAINT admin_audit_pkey PRIMARY KEY (number)
      )`);
    // Append-only for the role that migrates, which by default is the application's own.
    await queryRunner.query('REVOKE UPDATE, DELETE, TRUNCATE ON admin_audit FROM CURRENT_USER');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE admin_audit');
  }
}
