import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Refused starts are recorded under HMACs of the user and the address instead of the clear values. A migration has no
 * keys, so the values of older rows are dropped.
 */
export class PseudonymiseDecisions1795000200302 implements MigrationInterface {
  readonly name = 'PseudonymiseDecisions1795000200302';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE decisions DROP COLUMN user_id, DROP COLUMN caller_address');
    await queryRunner.query(
      'ALTER TABLE decisions ADD COLUMN user_fingerprint bytea, ADD COLUMN address_fingerprint bytea',
    );
    await queryRunner.query(
      `CREATE INDEX decisions_user ON decisions (user_fingerprint, id) WHERE user_fingerprint IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX decisions_address ON decisions (address_fingerprint, id) WHERE address_fingerprint IS NOT NULL`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE decisions DROP COLUMN user_fingerprint, DROP COLUMN address_fingerprint',
    );
    await queryRunner.query('ALTER TABLE decisions ADD COLUMN user_id text, ADD COLUMN caller_address text');
    await queryRunner.query(
      `CREATE INDEX decisions_user ON decisions (user_id, id) WHERE user_id IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX decisions_address ON decisions (caller_address, id) WHERE caller_address IS NOT NULL`,
    );
  }
}
