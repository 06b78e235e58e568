import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit: one row per act of an administrator. */
export class CreateAudit1795000003002 implements MigrationInterface {
  readonly name = 'CreateAudit1795000003002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_admin_audit (
        number bigint GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        target text,
        reason text NOT NULL,
        details jsonb NOT NULL,
        -- Which transaction wrote it. A bigint, because TypeORM's schema builder does not know xid8.
        xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
        CONSTRAINT otp_admin_audit_pkey PRIMARY KEY (number)
      )`);
    await queryRunner.query('CREATE INDEX otp_admin_audit_xid ON otp_admin_audit (xid)');
    // Append-only for the role that migrates, which by default is the application's own.
    await queryRunner.query('REVOKE UPDATE, DELETE, TRUNCATE ON otp_admin_audit FROM CURRENT_USER');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_admin_audit');
  }
}
