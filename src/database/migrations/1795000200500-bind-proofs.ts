import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A proof belongs to the session that asked for it, to one factor and one epoch; a late verdict to the code it is about. */
export class BindProofs1795000200500 implements MigrationInterface {
  readonly name = 'BindProofs1795000200500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE verification_requests
        ADD COLUMN prover_fingerprint bytea,
        ADD COLUMN context jsonb,
        ADD COLUMN claim_fingerprint bytea,
        ADD COLUMN doubt_fingerprint bytea`);
    // What is being set up belongs to the session that began it; older set-ups have none and are void.
    await queryRunner.query(`DELETE FROM authenticators WHERE confirmed_at IS NULL`);
    await queryRunner.query(`ALTER TABLE authenticators ADD COLUMN begun_in text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE authenticators DROP COLUMN begun_in`);
    await queryRunner.query(`
      ALTER TABLE verification_requests
        DROP COLUMN prover_fingerprint,
        DROP COLUMN context,
        DROP COLUMN claim_fingerprint,
        DROP COLUMN doubt_fingerprint`);
  }
}
