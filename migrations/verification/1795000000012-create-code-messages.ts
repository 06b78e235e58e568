import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages with codes of our own, for gateways that only send texts. */
export class CreateCodeMessages1795000000012 implements MigrationInterface {
  readonly name = 'CreateCodeMessages1795000000012';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_code_messages (
        id uuid NOT NULL,
        phone_fingerprint bytea NOT NULL,
        client_reference text NOT NULL,
        key_id text NOT NULL,
        code_length smallint NOT NULL,
        attempts smallint NOT NULL DEFAULT 0,
        tries smallint NOT NULL,
        lease_until timestamptz NOT NULL,
        sent_at timestamptz,
        ended_as text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT otp_code_messages_pkey PRIMARY KEY (id),
        CONSTRAINT otp_code_messages_ended_as
          CHECK (ended_as IN ('verified', 'failed', 'cancelled', 'expired', 'rejected', 'not-sent'))
      )`);
    // A number has one live message at most.
    await queryRunner.query(
      'CREATE UNIQUE INDEX otp_code_messages_live ON otp_code_messages (phone_fingerprint) WHERE ended_as IS NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_code_messages');
  }
}
