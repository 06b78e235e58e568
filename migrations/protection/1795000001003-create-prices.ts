import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a message to each country costs. */
export class CreatePrices1795000001003 implements MigrationInterface {
  readonly name = 'CreatePrices1795000001003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_message_prices (
        country text NOT NULL,
        channel text NOT NULL,
        price numeric(12,4) NOT NULL,
        currency text NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT otp_message_prices_pkey PRIMARY KEY (country, channel)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_message_prices');
  }
}
