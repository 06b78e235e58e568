import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Numbers, prefixes, countries and addresses that an administrator has blocked. */
export class CreateBlocks1795000001001 implements MigrationInterface {
  readonly name = 'CreateBlocks1795000001001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE block_entries (
        id uuid NOT NULL,
        kind text NOT NULL,
        value text,
        network inet,
        fingerprint bytea,
        label text NOT NULL,
        reason text NOT NULL,
        author text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        lifted_at timestamptz,
        CONSTRAINT block_entries_pkey PRIMARY KEY (id),
        CONSTRAINT block_entries_kind CHECK (kind IN ('number', 'prefix', 'country', 'address'))
      )`);
    await queryRunner.query(
      'CREATE INDEX block_entries_value ON block_entries (kind, value) WHERE lifted_at IS NULL',
    );
    await queryRunner.query(
      'CREATE INDEX block_entries_fingerprint ON block_entries (fingerprint) WHERE lifted_at IS NULL',
    );
    await queryRunner.query(
      'CREATE INDEX block_entries_network ON block_entries USING gist (network inet_ops) WHERE lifted_at IS NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE block_entries');
  }
}
