import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the next release could add: a column that the running version does not know of. */
export class AddNote1899000000001 implements MigrationInterface {
  readonly name = 'AddNote1899000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE otp_verification_requests ADD COLUMN note text');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE otp_verification_requests DROP COLUMN note');
  }
}

/** And an index on it. A try that failed leaves an invalid index behind, which the next try removes first. */
export class IndexNote1899000000002 implements MigrationInterface {
  readonly name = 'IndexNote1899000000002';
  readonly transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX CONCURRENTLY IF EXISTS otp_verification_requests_note');
    await queryRunner.query(
      'CREATE INDEX CONCURRENTLY otp_verification_requests_note ON otp_verification_requests (note)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX CONCURRENTLY otp_verification_requests_note');
  }
}

export const nextMigrations = [AddNote1899000000001, IndexNote1899000000002];
