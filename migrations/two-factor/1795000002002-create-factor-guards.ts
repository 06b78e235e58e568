import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Wrong codes in a row of a user's factor, counted apart by who types them. */
export class CreateFactorGuards1795000002002 implements MigrationInterface {
  readonly name = 'CreateFactorGuards1795000002002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE factor_guards (
        user_id text NOT NULL,
        method text NOT NULL,
        source text NOT NULL DEFAULT 'untrusted',
        wrong_codes integer NOT NULL DEFAULT 0,
        wait_until timestamptz,
        locked_until timestamptz,
        updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT factor_guards_pkey PRIMARY KEY (user_id, method, source)
      ) WITH (fillfactor = 70)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE factor_guards');
  }
}
