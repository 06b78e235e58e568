import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Wrong passwords in a row, per account and source. */
export class CreateFailedPasswords1795000004003 implements MigrationInterface {
  readonly name = 'CreateFailedPasswords1795000004003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_failed_passwords (
        account bytea NOT NULL,
        source text NOT NULL,
        failures integer NOT NULL,
        blocked_until timestamptz NOT NULL,
        last_failed_at timestamptz NOT NULL,
        CONSTRAINT host_failed_passwords_pkey PRIMARY KEY (account, source)
      )`);
    await queryRunner.query(
      'CREATE INDEX host_failed_passwords_last_failed_at ON host_failed_passwords (last_failed_at)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE host_failed_passwords');
  }
}
