import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What each limit has counted: single messages within a window, and totals of a day. */
export class CreateLimits1795000001005 implements MigrationInterface {
  readonly name = 'CreateLimits1795000001005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE limit_buckets (
        scope text NOT NULL,
        key bytea NOT NULL,
        taken timestamptz[] NOT NULL DEFAULT '{}',
        CONSTRAINT limit_buckets_pkey PRIMARY KEY (scope, key)
      ) WITH (fillfactor = 70)`);
    await queryRunner.query(`
      CREATE TABLE limit_days (
        scope text NOT NULL,
        key bytea NOT NULL,
        day date NOT NULL,
        taken numeric(14,4) NOT NULL DEFAULT 0,
        CONSTRAINT limit_days_pkey PRIMARY KEY (scope, key, day)
      ) WITH (fillfactor = 50)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE limit_days');
    await queryRunner.query('DROP TABLE limit_buckets');
  }
}
