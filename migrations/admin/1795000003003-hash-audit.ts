import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each entry of the audit holds a hash over itself and the entry before it. */
export class HashAudit1795000003003 implements MigrationInterface {
  readonly name = 'HashAudit1795000003003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE admin_audit ADD COLUMN hash bytea NOT NULL');
    // One row. Whoever writes an entry locks it, so that entries queue and no number is left out.
    await queryRunner.query(`
      CREATE TABLE admin_audit_head (
        id smallint NOT NULL,
        number bigint NOT NULL,
        hash bytea,
        CONSTRAINT admin_audit_head_pkey PRIMARY KEY (id),
        CONSTRAINT admin_audit_head_one CHECK (id = 1)
      )`);
    await queryRunner.query('INSERT INTO admin_audit_head (id, number) VALUES (1, 0)');
    await queryRunner.query(`
      CREATE FUNCTION admin_audit_hash(
        previous bytea, number bigint, at timestamptz, actor text, action text, target text, reason text, details jsonb)
      RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT sha256(coalesce(previous, ''::bytea) || convert_to(json_build_array(
          number, (extract(epoch FROM at) * 1000000)::bigint, actor, action, target, reason, details)::text, 'UTF8'))
      $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP FUNCTION admin_audit_hash');
    await queryRunner.query('DROP TABLE admin_audit_head');
    await queryRunner.query('ALTER TABLE admin_audit DROP COLUMN hash');
  }
}
