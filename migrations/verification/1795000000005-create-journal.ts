import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The journal: one row per change of a request (docs/decisions/0007). */
export class CreateJournal1795000000005 implements MigrationInterface {
  readonly name = 'CreateJournal1795000000005';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_verification_events (
        request_id uuid NOT NULL,
        number smallint NOT NULL,
        at timestamptz NOT NULL,
        type text NOT NULL,
        from_status text,
        to_status text NOT NULL,
        reason text,
        actor text NOT NULL,
        provider_status text,
        provider_request_id text,
        price numeric(12,4),
        currency text,
        -- Which transaction wrote it. A bigint, because TypeORM's schema builder does not know xid8.
        xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
        CONSTRAINT otp_verification_events_pkey PRIMARY KEY (request_id, number)
      )`);
    await queryRunner.query('CREATE INDEX otp_verification_events_xid ON otp_verification_events (xid)');
    await queryRunner.query(
      'CREATE INDEX otp_verification_events_at ON otp_verification_events USING brin (at)',
    );
    await queryRunner.query(`
      CREATE INDEX otp_verification_events_ends ON otp_verification_events (to_status, request_id)
       WHERE from_status IS DISTINCT FROM to_status AND to_status IN ('VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED')`);
    await queryRunner.query(
      'CREATE INDEX otp_verification_events_reason ON otp_verification_events (reason, request_id) WHERE reason IS NOT NULL',
    );
    await queryRunner.query(`
      CREATE INDEX otp_verification_events_provider ON otp_verification_events (provider_request_id)
       WHERE provider_request_id IS NOT NULL`);
    // Append-only for the role that migrates, which by default is the application's own.
    await queryRunner.query('REVOKE UPDATE, DELETE, TRUNCATE ON otp_verification_events FROM CURRENT_USER');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_verification_events');
  }
}
