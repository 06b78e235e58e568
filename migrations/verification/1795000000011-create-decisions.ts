import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was refused, or would have been, and by which rule. */
export class CreateDecisions1795000000011 implements MigrationInterface {
  readonly name = 'CreateDecisions1795000000011';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_decisions (
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        action text NOT NULL,
        outcome text NOT NULL,
        rule text,
        request_id uuid,
        rules json NOT NULL,
        phone_fingerprint bytea,
        phone_country text,
        phone_last_digits text,
        purpose text,
        user_fingerprint bytea,
        address_fingerprint bytea,
        CONSTRAINT otp_decisions_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      'CREATE INDEX otp_decisions_request ON otp_decisions (request_id) WHERE request_id IS NOT NULL',
    );
    await queryRunner.query(
      'CREATE INDEX otp_decisions_phone ON otp_decisions (phone_fingerprint, id) WHERE phone_fingerprint IS NOT NULL',
    );
    await queryRunner.query(
      'CREATE INDEX otp_decisions_user ON otp_decisions (user_fingerprint, id) WHERE user_fingerprint IS NOT NULL',
    );
    await queryRunner.query(
      'CREATE INDEX otp_decisions_address ON otp_decisions (address_fingerprint, id) WHERE address_fingerprint IS NOT NULL',
    );
    await queryRunner.query(
      'CREATE INDEX otp_decisions_rule ON otp_decisions (rule, id) WHERE rule IS NOT NULL',
    );
    // Allowed starts, which are nearly all, are not in this index.
    await queryRunner.query(
      `CREATE INDEX otp_decisions_outcome ON otp_decisions (outcome, id) WHERE action = 'start'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_decisions');
  }
}
