import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far a change of encryption or fingerprint keys has come. */
export class RotateKeys1795000000010 implements MigrationInterface {
  readonly name = 'RotateKeys1795000000010';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_key_rotations (
        encryption_key text NOT NULL,
        fingerprint_key text NOT NULL,
        column_name text NOT NULL,
        last_id uuid,
        done integer NOT NULL DEFAULT 0,
        unreadable integer NOT NULL DEFAULT 0,
        finished_at timestamptz,
        CONSTRAINT otp_key_rotations_pkey PRIMARY KEY (encryption_key, fingerprint_key, column_name)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_key_rotations');
  }
}
