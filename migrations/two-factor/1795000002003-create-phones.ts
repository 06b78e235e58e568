import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Phone numbers that users have confirmed as a factor. */
export class CreatePhones1795000002003 implements MigrationInterface {
  readonly name = 'CreatePhones1795000002003';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_enrolled_phones (
        id uuid NOT NULL,
        user_id text NOT NULL,
        phone_number text NOT NULL,
        phone_fingerprint bytea NOT NULL,
        exclusive_fingerprint bytea,
        phone_country text NOT NULL,
        phone_last_digits text NOT NULL,
        label text NOT NULL,
        is_primary boolean NOT NULL,
        imported_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT otp_enrolled_phones_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX enrolled_phones_user_number ON otp_enrolled_phones (user_id, phone_fingerprint)',
    );
    await queryRunner.query(
      'CREATE UNIQUE INDEX otp_enrolled_phones_primary ON otp_enrolled_phones (user_id) WHERE is_primary',
    );
    await queryRunner.query(
      'CREATE UNIQUE INDEX otp_enrolled_phones_exclusive ON otp_enrolled_phones (exclusive_fingerprint)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_enrolled_phones');
  }
}
