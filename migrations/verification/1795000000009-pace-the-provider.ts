import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When the next call to the provider may go out, for all instances together. */
export class PaceTheProvider1795000000009 implements MigrationInterface {
  readonly name = 'PaceTheProvider1795000000009';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Unlogged: its content is worthless after a crash, and no call waits for a disk.
    await queryRunner.query(`
      CREATE UNLOGGED TABLE provider_paces (
        account text NOT NULL,
        next_at timestamptz NOT NULL,
        CONSTRAINT provider_paces_pkey PRIMARY KEY (account)
      ) WITH (fillfactor = 50)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE provider_paces');
  }
}
