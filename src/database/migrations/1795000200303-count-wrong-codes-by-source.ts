import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Wrong codes of a user's factors are counted apart by who types them. Older counts become those of untrusted sessions.
 * Requests say whether the two-factor routes count their wrong codes, which then the heart does not.
 */
export class CountWrongCodesBySource1795000200303 implements MigrationInterface {
  readonly name = 'CountWrongCodesBySource1795000200303';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE factor_guards
        ADD COLUMN source text NOT NULL DEFAULT 'untrusted',
        ADD COLUMN locked_until timestamptz,
        ADD COLUMN updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        DROP CONSTRAINT factor_guards_pkey,
        ADD CONSTRAINT factor_guards_pkey PRIMARY KEY (user_id, method, source)`);
    // For ending locks that are a day old.
    for (const table of ['phone_guards', 'user_guards'])
      await queryRunner.query(
        `CREATE INDEX ${table}_locked ON ${table} (locked_at) WHERE locked_at IS NOT NULL`,
      );
    await queryRunner.query(
      `ALTER TABLE verification_requests ADD COLUMN counted_by_caller boolean NOT NULL DEFAULT false`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['phone_guards', 'user_guards'])
      await queryRunner.query(`DROP INDEX ${table}_locked`);
    await queryRunner.query('ALTER TABLE verification_requests DROP COLUMN counted_by_caller');
    await queryRunner.query(`DELETE FROM factor_guards WHERE source <> 'untrusted'`);
    await queryRunner.query(`
      ALTER TABLE factor_guards
        DROP CONSTRAINT factor_guards_pkey,
        DROP COLUMN source, DROP COLUMN locked_until, DROP COLUMN updated_at,
        ADD CONSTRAINT factor_guards_pkey PRIMARY KEY (user_id, method)`);
  }
}
