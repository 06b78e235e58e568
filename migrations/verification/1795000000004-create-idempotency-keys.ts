import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Answers to calls that carried an `Idempotency-Key`. */
export class CreateIdempotencyKeys1795000000004 implements MigrationInterface {
  readonly name = 'CreateIdempotencyKeys1795000000004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_idempotency_keys (
        key_fingerprint bytea NOT NULL,
        body_fingerprint bytea NOT NULL,
        answer jsonb,
        locked_until timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT otp_idempotency_keys_pkey PRIMARY KEY (key_fingerprint)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_idempotency_keys');
  }
}
