import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Sealed values are bound to their table, column and row from now on. A migration has no keys, so
 * `npm run keys:rotate -- --reseal-version-1` rewrites the older ones. Step-up grants live for five minutes only: the
 * older ones are deleted, and whoever waits for one confirms the act again.
 */
export class BindSealedValues1795000200300 implements MigrationInterface {
  readonly name = 'BindSealedValues1795000200300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DELETE FROM step_up_grants');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DELETE FROM step_up_grants');
  }
}
