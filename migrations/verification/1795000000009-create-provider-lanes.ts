import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lanes of a provider account. Instances lease them, so that all of them together keep the account's limit. */
export class CreateProviderLanes1795000000009 implements MigrationInterface {
  readonly name = 'CreateProviderLanes1795000000009';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Unlogged, so that no call waits for a disk. After a crash of Postgres the last second of calls is forgotten.
    await queryRunner.query(`
      CREATE UNLOGGED TABLE otp_provider_lanes (
        account text NOT NULL,
        lane integer NOT NULL,
        free_at timestamptz NOT NULL,
        lease_token uuid,
        CONSTRAINT otp_provider_lanes_pkey PRIMARY KEY (account, lane)
      ) WITH (fillfactor = 50)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_provider_lanes');
  }
}
