import type { MigrationInterface, QueryRunner } from 'typeorm';

/** API tokens, and the audit of what administrators do: one chain of hashes over the whole table. */
export class CreateAdministration1795000000008 implements MigrationInterface {
  readonly name = 'CreateAdministration1795000000008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE api_tokens (
        id uuid NOT NULL,
        name text NOT NULL,
        secret_hash bytea NOT NULL,
        scopes text[] NOT NULL,
        author text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT api_tokens_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(`
      CREATE TABLE admin_audit (
        number bigint NOT NULL,
        at timestamptz NOT NULL,
        actor text NOT NULL,
        action text NOT NULL,
        target text,
        reason text NOT NULL,
        details jsonb NOT NULL,
        hash bytea NOT NULL,
        CONSTRAINT admin_audit_pkey PRIMARY KEY (number)
      )`);
    // One row: who writes an entry takes it, so that entries queue and no number is left out.
    await queryRunner.query(`
      CREATE TABLE admin_audit_head (
        id smallint NOT NULL,
        number bigint NOT NULL,
        hash bytea,
        CONSTRAINT admin_audit_head_pkey PRIMARY KEY (id),
        CONSTRAINT admin_audit_head_one CHECK (id = 1)
      )`);
    await queryRunner.query(`INSERT INTO admin_audit_head (id, number) VALUES (1, 0)`);
    await queryRunner.query(`
      CREATE FUNCTION admin_audit_hash(
        previous bytea, number bigint, at timestamptz, actor text, action text, target text, reason text, details jsonb)
      RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT sha256(coalesce(previous, ''::bytea) || convert_to(json_build_array(
          number, (extract(epoch FROM at) * 1000000)::bigint, actor, action, target, reason, details)::text, 'UTF8'))
      $$`);
    await queryRunner.query(`REVOKE UPDATE, DELETE, TRUNCATE ON admin_audit FROM CURRENT_USER`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP FUNCTION admin_audit_hash');
    for (const table of ['admin_audit_head', 'admin_audit', 'api_tokens'])
      await queryRunner.query(`DROP TABLE ${table}`);
  }
}
