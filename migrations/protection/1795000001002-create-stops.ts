import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Destinations that get no messages for a while because too few of their codes come back. */
export class CreateStops1795000001002 implements MigrationInterface {
  readonly name = 'CreateStops1795000001002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_destination_stops (
        scope text NOT NULL,
        key bytea NOT NULL,
        label text NOT NULL,
        started integer NOT NULL,
        verified integer NOT NULL,
        stopped_at timestamptz NOT NULL,
        until timestamptz NOT NULL,
        lifted_at timestamptz,
        CONSTRAINT otp_destination_stops_pkey PRIMARY KEY (scope, key)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_destination_stops');
  }
}
