import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Replaces the moments of the provider's pace by lanes that instances lease. */
export class LeaseProviderLanes1797000000200 implements MigrationInterface {
  readonly name = 'LeaseProviderLanes1797000000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Unlogged, so that no call waits for a disk. After a crash of Postgres the last second of calls is forgotten.
    await queryRunner.query(`
      CREATE UNLOGGED TABLE provider_lanes (
        account text NOT NULL,
        lane integer NOT NULL,
        free_at timestamptz NOT NULL,
        lease_token uuid,
        CONSTRAINT provider_lanes_pkey PRIMARY KEY (account, lane)
      ) WITH (fillfactor = 50)`);
    await queryRunner.query('DROP TABLE provider_paces');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE UNLOGGED TABLE provider_paces (
        account text NOT NULL,
        next_at timestamptz NOT NULL,
        CONSTRAINT provider_paces_pkey PRIMARY KEY (account)
      ) WITH (fillfactor = 50)`);
    await queryRunner.query('DROP TABLE provider_lanes');
  }
}
