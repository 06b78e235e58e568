import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts per hour and per day, so that statistics stay fast however many requests there are. */
export class CreateStatistics1795000003004 implements MigrationInterface {
  readonly name = 'CreateStatistics1795000003004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_verification_rollups (
        grain text NOT NULL,
        at timestamptz NOT NULL,
        country text NOT NULL,
        channel text NOT NULL,
        currency text NOT NULL,
        started integer NOT NULL,
        messages integer NOT NULL,
        undelivered integer NOT NULL,
        verified integer NOT NULL,
        cost numeric(14,4) NOT NULL,
        seconds integer[] NOT NULL,
        CONSTRAINT otp_verification_rollups_pkey PRIMARY KEY (grain, at, country, channel, currency),
        CONSTRAINT otp_verification_rollups_grain CHECK (grain IN ('hour', 'day'))
      )`);
    await queryRunner.query(`
      CREATE TABLE otp_provider_status_rollups (
        grain text NOT NULL,
        at timestamptz NOT NULL,
        type text NOT NULL,
        provider_status text NOT NULL,
        count integer NOT NULL,
        CONSTRAINT otp_provider_status_rollups_pkey PRIMARY KEY (grain, at, type, provider_status)
      )`);
    await queryRunner.query(`
      CREATE TABLE otp_rollup_state (
        id smallint NOT NULL,
        built_until timestamptz,
        events_until timestamptz,
        frozen_before timestamptz,
        CONSTRAINT otp_rollup_state_pkey PRIMARY KEY (id),
        CONSTRAINT otp_rollup_state_one CHECK (id = 1)
      )`);
    // Late events are counted from now on, not from the first run of the background job.
    await queryRunner.query('INSERT INTO otp_rollup_state (id, events_until) VALUES (1, now())');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_rollup_state');
    await queryRunner.query('DROP TABLE otp_provider_status_rollups');
    await queryRunner.query('DROP TABLE otp_verification_rollups');
  }
}
