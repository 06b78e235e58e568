import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What each limit has counted: single messages within a window, and totals of a day. */
export class CreateCounters1795000000007 implements MigrationInterface {
  readonly name = 'CreateCounters1795000000007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_rate_counters (
        scope text NOT NULL,
        key bytea NOT NULL,
        seconds integer NOT NULL,
        kept integer NOT NULL,
        moments timestamptz[] NOT NULL DEFAULT '{}',
        CONSTRAINT otp_rate_counters_pkey PRIMARY KEY (scope, key, seconds)
      ) WITH (fillfactor = 70)`);
    await queryRunner.query(`
      CREATE TABLE otp_daily_counters (
        scope text NOT NULL,
        key bytea NOT NULL,
        day date NOT NULL,
        taken numeric(14,4) NOT NULL DEFAULT 0,
        CONSTRAINT otp_daily_counters_pkey PRIMARY KEY (scope, key, day)
      ) WITH (fillfactor = 50)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_daily_counters');
    await queryRunner.query('DROP TABLE otp_rate_counters');
  }
}
