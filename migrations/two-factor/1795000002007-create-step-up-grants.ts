import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Grants of step-up: one confirmed action of one session. */
export class CreateStepUpGrants1795000002007 implements MigrationInterface {
  readonly name = 'CreateStepUpGrants1795000002007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE otp_step_up_grants (
        id uuid NOT NULL,
        user_id text NOT NULL,
        sid text NOT NULL,
        action text NOT NULL,
        payload_hash bytea NOT NULL,
        summary text NOT NULL,
        act text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        granted_at timestamptz,
        used_at timestamptz,
        done_path text,
        CONSTRAINT otp_step_up_grants_pkey PRIMARY KEY (id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE otp_step_up_grants');
  }
}
