import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What two-factor sign-in knows of users: their factors, and what was built on them. */
export class CreateTwoFactor1795000000006 implements MigrationInterface {
  readonly name = 'CreateTwoFactor1795000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE factor_epochs (
        user_id text NOT NULL,
        epoch integer NOT NULL,
        CONSTRAINT factor_epochs_pkey PRIMARY KEY (user_id)
      )`);
    await queryRunner.query(`
      CREATE TABLE factor_guards (
        user_id text NOT NULL,
        method text NOT NULL,
        wrong_codes integer NOT NULL DEFAULT 0,
        wait_until timestamptz,
        CONSTRAINT factor_guards_pkey PRIMARY KEY (user_id, method)
      ) WITH (fillfactor = 70)`);
    await queryRunner.query(`
      CREATE TABLE enrolled_phones (
        id uuid NOT NULL,
        user_id text NOT NULL,
        phone_number text NOT NULL,
        phone_fingerprint bytea NOT NULL,
        exclusive_fingerprint bytea,
        phone_country text NOT NULL,
        phone_last_digits text NOT NULL,
        label text NOT NULL,
        is_primary boolean NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT enrolled_phones_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX enrolled_phones_user_number ON enrolled_phones (user_id, phone_fingerprint)`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX enrolled_phones_primary ON enrolled_phones (user_id) WHERE is_primary`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX enrolled_phones_exclusive ON enrolled_phones (exclusive_fingerprint)`,
    );
    await queryRunner.query(`
      CREATE TABLE authenticators (
        id uuid NOT NULL,
        user_id text NOT NULL,
        secret text NOT NULL,
        label text NOT NULL,
        created_at timestamptz NOT NULL,
        confirmed_at timestamptz,
        last_step bigint NOT NULL DEFAULT 0,
        CONSTRAINT authenticators_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(`CREATE INDEX authenticators_user ON authenticators (user_id)`);
    await queryRunner.query(`
      CREATE TABLE recovery_codes (
        user_id text NOT NULL,
        selector text NOT NULL,
        hash text NOT NULL,
        created_at timestamptz NOT NULL,
        used_at timestamptz,
        CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, selector)
      )`);
    await queryRunner.query(`
      CREATE TABLE trusted_browsers (
        id uuid NOT NULL,
        user_id text NOT NULL,
        secret_hash bytea NOT NULL,
        epoch integer NOT NULL,
        description text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT trusted_browsers_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(`CREATE INDEX trusted_browsers_user ON trusted_browsers (user_id)`);
    await queryRunner.query(`
      CREATE TABLE step_up_grants (
        id uuid NOT NULL,
        user_id text NOT NULL,
        session_hash bytea NOT NULL,
        action text NOT NULL,
        payload_hash bytea NOT NULL,
        summary text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        granted_at timestamptz,
        used_at timestamptz,
        CONSTRAINT step_up_grants_pkey PRIMARY KEY (id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [
      'step_up_grants',
      'trusted_browsers',
      'recovery_codes',
      'authenticators',
      'enrolled_phones',
      'factor_guards',
      'factor_epochs',
    ])
      await queryRunner.query(`DROP TABLE ${table}`);
  }
}
