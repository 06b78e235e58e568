import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The pace at which all instances together call the provider, and how far a change of keys has come. */
export class ShareTheProvider1795000000005 implements MigrationInterface {
  readonly name = 'ShareTheProvider1795000000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Unlogged: worthless after a crash, and so no call waits for a disk.
    await queryRunner.query(`
      CREATE UNLOGGED TABLE provider_paces (
        account text NOT NULL,
        next_at timestamptz NOT NULL,
        CONSTRAINT provider_paces_pkey PRIMARY KEY (account)
      ) WITH (fillfactor = 50)`);
    await queryRunner.query(`
      CREATE TABLE key_rotations (
        encryption_key text NOT NULL,
        fingerprint_key text NOT NULL,
        last_id uuid,
        done integer NOT NULL DEFAULT 0,
        finished_at timestamptz,
        CONSTRAINT key_rotations_pkey PRIMARY KEY (encryption_key, fingerprint_key)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE key_rotations');
    await queryRunner.query('DROP TABLE provider_paces');
  }
}
