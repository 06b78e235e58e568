import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Journals are sealed by a background reader instead of being chained row by row. Every row carries the id of the
 * transaction that wrote it; `journal_seals` has one row per sealed range, `journal_cursors` one per reader.
 */
export class SealJournals1797000000100 implements MigrationInterface {
  readonly name = 'SealJournals1797000000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    const run = (statement: string) => queryRunner.query(statement);
    await run('ALTER TABLE verification_requests DROP COLUMN event_hash');
    // A bigint, because TypeORM's schema builder does not know xid8.
    await run(`
      ALTER TABLE verification_events
        DROP COLUMN hash,
        ADD COLUMN xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint`);
    await run('CREATE INDEX verification_events_xid ON verification_events (xid)');
    await run(
      'DROP FUNCTION verification_event_hash(bytea, uuid, integer, timestamptz, text, text, text, text, text, text, numeric, text, text)',
    );
    await run('DROP TABLE event_announcers');

    await run(`
      ALTER TABLE admin_audit
        DROP COLUMN hash,
        ADD COLUMN xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
        ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY`);
    await run(
      `SELECT setval(pg_get_serial_sequence('admin_audit', 'number'), coalesce(max(number), 0) + 1, false) FROM admin_audit`,
    );
    await run('CREATE INDEX admin_audit_xid ON admin_audit (xid)');
    await run('DROP FUNCTION admin_audit_hash(bytea, bigint, timestamptz, text, text, text, text, jsonb)');
    await run('DROP TABLE admin_audit_head');

    await run(`
      CREATE TABLE journal_seals (
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
        CONSTRAINT journal_seals_pkey PRIMARY KEY (journal, number)
      )`);
    await run(`
      CREATE TABLE journal_cursors (
        journal text NOT NULL,
        reader text NOT NULL,
        xid bigint NOT NULL,
        CONSTRAINT journal_cursors_pkey PRIMARY KEY (journal, reader)
      ) WITH (fillfactor = 50)`);
    await run(`INSERT INTO journal_cursors VALUES ('verification', 'seal', 0), ('audit', 'seal', 0)`);
    await run('REVOKE UPDATE, DELETE, TRUNCATE ON journal_seals FROM CURRENT_USER');
  }

  async down(): Promise<void> {
    throw new Error('not revertible');
  }
}
