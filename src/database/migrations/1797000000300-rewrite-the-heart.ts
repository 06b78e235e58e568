import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counters and daily counters instead of buckets; rules are decided in TypeScript, so the functions go. */
export class RewriteTheHeart1797000000300 implements MigrationInterface {
  readonly name = 'RewriteTheHeart1797000000300';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const name of ['give_back', 'admit_start', 'weigh_rules'])
      await queryRunner.query(`DROP FUNCTION ${name}`);
    for (const name of ['limit_buckets', 'limit_days']) await queryRunner.query(`DROP TABLE ${name}`);
    await queryRunner.query(`
      CREATE TABLE rate_counters (
        scope text NOT NULL,
        key bytea NOT NULL,
        seconds integer NOT NULL,
        kept integer NOT NULL,
        moments timestamptz[] NOT NULL DEFAULT '{}',
        CONSTRAINT rate_counters_pkey PRIMARY KEY (scope, key, seconds)
      ) WITH (fillfactor = 70)`);
    await queryRunner.query(`
      CREATE TABLE daily_counters (
        scope text NOT NULL,
        key bytea NOT NULL,
        day date NOT NULL,
        taken numeric(14,4) NOT NULL DEFAULT 0,
        CONSTRAINT daily_counters_pkey PRIMARY KEY (scope, key, day)
      ) WITH (fillfactor = 50)`);
    await queryRunner.query(
      `ALTER TABLE verification_requests DROP COLUMN unsettled_codes, DROP COLUMN event_hash`,
    );
    await queryRunner.query(`ALTER TABLE verification_events ALTER COLUMN hash DROP NOT NULL`);
    await queryRunner.query('DROP INDEX decisions_outcome');
    await queryRunner.query(
      `CREATE INDEX decisions_outcome ON decisions (outcome, id) WHERE action = 'start'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('not revertible');
  }
}
