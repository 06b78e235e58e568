import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which token an API token was made with. Older tokens name it as their author. */
export class LinkApiTokens1795000200301 implements MigrationInterface {
  readonly name = 'LinkApiTokens1795000200301';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE api_tokens ADD parent_id uuid');
    await queryRunner.query('CREATE INDEX api_tokens_parent ON api_tokens (parent_id)');
    await queryRunner.query(
      `UPDATE api_tokens SET parent_id = substring(author FROM 7)::uuid WHERE author LIKE 'token:%'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX api_tokens_parent');
    await queryRunner.query('ALTER TABLE api_tokens DROP COLUMN parent_id');
  }
}
