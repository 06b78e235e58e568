import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row per sealed range of a journal, and how far each reader has come (docs/decisions/0007). */
export class SealJournals1795000000006 implements MigrationInterface {
  readonly name = 'SealJournals1795000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_journal_seals (
        journal text NOT NULL,
        number integer NOT NULL,
        last_xid bigint NOT NULL,
        row_count integer NOT NULL,
        newest_at timestamptz NOT NULL,
        content_hash bytea NOT NULL,
        hash bytea NOT NULL,
        leaves bytea NOT NULL,
        sealed_at timestamptz NOT NULL,
        retired_at timestamptz,
        CONSTRAINT otp_journal_seals_pkey PRIMARY KEY (journal, number)
      )`);
    await queryRunner.query(`
      CREATE TABLE otp_journal_cursors (
        journal text NOT NULL,
        reader text NOT NULL,
        xid bigint NOT NULL,
        CONSTRAINT otp_journal_cursors_pkey PRIMARY KEY (journal, reader)
      ) WITH (fillfactor = 50)`);
    await queryRunner.query(
      `INSERT INTO otp_journal_cursors VALUES ('verification', 'seal', 0), ('audit', 'seal', 0)`,
    );
    // Append-only for the role that migrates, which by default is the application's own.
    await queryRunner.query('REVOKE UPDATE, DELETE, TRUNCATE ON otp_journal_seals FROM CURRENT_USER');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_journal_cursors');
    await queryRunner.query('DROP TABLE otp_journal_seals');
  }
}
