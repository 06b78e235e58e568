import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Verification requests: one row per attempt to prove control of a phone number. */
export class CreateRequests1795000000001 implements MigrationInterface {
  readonly name = 'CreateRequests1795000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    // A request is updated three times in its life. Free space on its page keeps those updates HOT (docs/decisions/0003).
    await queryRunner.query(`
      CREATE TABLE otp_verification_requests (
        id uuid NOT NULL,
        purpose text NOT NULL,
        status text NOT NULL,
        reason text,
        channel text NOT NULL,
        phone_number text,
        phone_fingerprint bytea NOT NULL,
        phone_country text NOT NULL,
        phone_last_digits text NOT NULL,
        prefix_fingerprint bytea,
        confirmed_for text NOT NULL DEFAULT '',
        user_id text,
        caller_fingerprint bytea NOT NULL,
        caller_bound boolean NOT NULL,
        caller_address text,
        caller_agent text,
        prover_fingerprint bytea,
        context jsonb,
        locale text,
        brand text,
        code_length smallint NOT NULL,
        attempts smallint NOT NULL DEFAULT 0,
        max_attempts smallint NOT NULL,
        max_sends smallint NOT NULL,
        counted_by_caller boolean NOT NULL DEFAULT false,
        sends smallint NOT NULL DEFAULT 1,
        provider text NOT NULL,
        provider_request_id text,
        provider_verdict text,
        check_in_doubt boolean NOT NULL DEFAULT false,
        claim_fingerprint bytea,
        doubt_fingerprint bytea,
        send_lease_until timestamptz,
        lease_token uuid,
        lease_until timestamptz,
        sent_at timestamptz,
        resend_available_at timestamptz,
        events smallint NOT NULL DEFAULT 0,
        price numeric(12,4),
        currency text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        verified_at timestamptz,
        ended_at timestamptz,
        CONSTRAINT otp_verification_requests_pkey PRIMARY KEY (id),
        CONSTRAINT otp_verification_requests_status
          CHECK (status IN ('SENDING', 'PENDING', 'VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED')),
        CONSTRAINT otp_verification_requests_attempts CHECK (attempts >= 0 AND attempts <= max_attempts)
      ) WITH (fillfactor = 60)`);
    // Only columns that never change are indexed. How a request ended is found through its events.
    await queryRunner.query(
      'CREATE INDEX otp_verification_requests_phone ON otp_verification_requests (phone_fingerprint, created_at)',
    );
    await queryRunner.query(`
      CREATE INDEX otp_verification_requests_user ON otp_verification_requests (user_id, created_at, id)
       WHERE user_id IS NOT NULL`);
    await queryRunner.query(`
      CREATE INDEX otp_verification_requests_address ON otp_verification_requests (caller_address, id)
       WHERE caller_address IS NOT NULL`);
    await queryRunner.query(
      'CREATE INDEX otp_verification_requests_country ON otp_verification_requests (phone_country, id)',
    );
    await queryRunner.query(
      'CREATE INDEX otp_verification_requests_purpose ON otp_verification_requests (purpose, id)',
    );
    await queryRunner.query(
      'CREATE INDEX otp_verification_requests_channel ON otp_verification_requests (channel, id)',
    );
    await queryRunner.query(
      'CREATE INDEX otp_verification_requests_created ON otp_verification_requests USING brin (created_at)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_verification_requests');
  }
}
