import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Requests and the guard that keeps one live request per number. */
export class CreateVerification1795000000000 implements MigrationInterface {
  readonly name = 'CreateVerification1795000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // fillfactor: a request is updated three times in its life; room on its page keeps those updates HOT.
    await queryRunner.query(`
      CREATE TABLE verification_requests (
        id uuid NOT NULL,
        purpose text NOT NULL,
        status text NOT NULL,
        reason text,
        channel text NOT NULL,
        phone_number text,
        phone_fingerprint bytea NOT NULL,
        phone_country text NOT NULL,
        phone_last_digits text NOT NULL,
        confirmed_for text NOT NULL DEFAULT '',
        user_id text,
        caller_fingerprint bytea NOT NULL,
        caller_bound boolean NOT NULL,
        locale text,
        code_length smallint NOT NULL,
        attempts smallint NOT NULL DEFAULT 0,
        max_attempts smallint NOT NULL,
        sends smallint NOT NULL DEFAULT 1,
        provider text NOT NULL,
        provider_request_id text,
        send_until timestamptz,
        check_token uuid,
        check_until timestamptz,
        resend_available_at timestamptz,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        verified_at timestamptz,
        ended_at timestamptz,
        CONSTRAINT verification_requests_pkey PRIMARY KEY (id),
        CONSTRAINT verification_requests_status
          CHECK (status IN ('SENDING', 'PENDING', 'VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED')),
        CONSTRAINT verification_requests_attempts CHECK (attempts >= 0 AND attempts <= max_attempts)
      ) WITH (fillfactor = 60)`);
    await queryRunner.query(
      `CREATE INDEX verification_requests_phone ON verification_requests (phone_fingerprint, created_at)`,
    );
    await queryRunner.query(
      `CREATE INDEX verification_requests_user ON verification_requests (user_id, created_at, id)
       WHERE user_id IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX verification_requests_created ON verification_requests USING brin (created_at)`,
    );
    await queryRunner.query(`
      CREATE TABLE phone_guards (
        phone_fingerprint bytea NOT NULL,
        confirmed_for text NOT NULL DEFAULT '',
        live_request_id uuid,
        live_until timestamptz,
        CONSTRAINT phone_guards_pkey PRIMARY KEY (phone_fingerprint, confirmed_for)
      ) WITH (fillfactor = 70)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE phone_guards');
    await queryRunner.query('DROP TABLE verification_requests');
  }
}
