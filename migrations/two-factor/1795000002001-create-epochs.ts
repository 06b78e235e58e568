import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A user's epoch: it moves when their factors change, and ends what was built on older ones. */
export class CreateEpochs1795000002001 implements MigrationInterface {
  readonly name = 'CreateEpochs1795000002001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_factor_epochs (
        user_id text NOT NULL,
        epoch integer NOT NULL,
        CONSTRAINT otp_factor_epochs_pkey PRIMARY KEY (user_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_factor_epochs');
  }
}
