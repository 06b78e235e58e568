import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Payments that were confirmed with a factor. The id is that of the grant, so that a grant pays once. */
export class CreatePayments1795000004006 implements MigrationInterface {
  readonly name = 'CreatePayments1795000004006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE host_payments (
        id uuid NOT NULL,
        user_id text NOT NULL,
        amount text NOT NULL,
        recipient text NOT NULL,
        paid_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT host_payments_pkey PRIMARY KEY (id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE host_payments');
  }
}
