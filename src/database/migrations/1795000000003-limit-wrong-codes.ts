import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Wrong codes in a row, per number and per user, over all requests. */
export class LimitWrongCodes1795000000003 implements MigrationInterface {
  readonly name = 'LimitWrongCodes1795000000003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE verification_requests ADD COLUMN uncounted smallint NOT NULL DEFAULT 0`,
    );
    await queryRunner.query(`
      ALTER TABLE phone_guards
        ADD COLUMN wrong_codes integer NOT NULL DEFAULT 0,
        ADD COLUMN wait_until timestamptz,
        ADD COLUMN locked_at timestamptz`);
    await queryRunner.query(`
      CREATE TABLE user_guards (
        user_id text NOT NULL,
        confirmed boolean NOT NULL,
        wrong_codes integer NOT NULL DEFAULT 0,
        wait_until timestamptz,
        locked_at timestamptz,
        CONSTRAINT user_guards_pkey PRIMARY KEY (user_id, confirmed)
      ) WITH (fillfactor = 70)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE user_guards');
    await queryRunner.query(
      'ALTER TABLE phone_guards DROP COLUMN wrong_codes, DROP COLUMN wait_until, DROP COLUMN locked_at',
    );
    await queryRunner.query('ALTER TABLE verification_requests DROP COLUMN uncounted');
  }
}
