import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Numbers, prefixes, countries and addresses that an administrator has blocked. */
export class CreateBlocks1795000001001 implements MigrationInterface {
  readonly name = 'CreateBlocks1795000001001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_block_entries (
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
        CONSTRAINT otp_block_entries_pkey PRIMARY KEY (id),
        CONSTRAINT otp_block_entries_kind CHECK (kind IN ('number', 'prefix', 'country', 'address'))
      )`);
    await queryRunner.query(
      'CREATE INDEX otp_block_entries_value ON otp_block_entries (kind, value) WHERE lifted_at IS NULL',
    );
    await queryRunner.query(
      'CREATE INDEX otp_block_entries_fingerprint ON otp_block_entries (fingerprint) WHERE lifted_at IS NULL',
    );
    await queryRunner.query(
      'CREATE INDEX otp_block_entries_network ON otp_block_entries USING gist (network inet_ops) WHERE lifted_at IS NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_block_entries');
  }
}
