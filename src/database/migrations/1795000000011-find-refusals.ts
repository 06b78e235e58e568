import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Ways to find refused starts among millions of decisions. What is allowed, which is nearly all, is in none of these
 * indexes, so that it costs nothing.
 */
export class FindRefusals1795000000011 implements MigrationInterface {
  readonly name = 'FindRefusals1795000000011';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE INDEX decisions_outcome ON decisions (outcome, id) WHERE action = 'start' AND outcome <> 'allowed'`,
    );
    await queryRunner.query(`CREATE INDEX decisions_rule ON decisions (rule, id) WHERE rule IS NOT NULL`);
    await queryRunner.query(
      `CREATE INDEX decisions_address ON decisions (caller_address, id) WHERE caller_address IS NOT NULL`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of ['address', 'rule', 'outcome'])
      await queryRunner.query(`DROP INDEX decisions_${name}`);
  }
}
