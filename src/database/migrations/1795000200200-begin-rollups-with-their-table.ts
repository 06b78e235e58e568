import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Late news is counted from the moment the rollups exist, not from their first round: what is read before that round is
 * counted for the reader only, and would miss it.
 */
export class BeginRollupsWithTheirTable1795000200200 implements MigrationInterface {
  readonly name = 'BeginRollupsWithTheirTable1795000200200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('UPDATE rollup_state SET events_until = now() WHERE events_until IS NULL');
  }

  async down(): Promise<void> {
    // A moment that is too early costs nothing.
  }
}
