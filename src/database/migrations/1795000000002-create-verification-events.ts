import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The journal of every change, a chain of hashes per request whose head is in the request itself, and how far
 * each instance has announced its own.
 */
export class CreateVerificationEvents1795000000002 implements MigrationInterface {
  readonly name = 'CreateVerificationEvents1795000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE verification_requests
        ADD COLUMN events smallint NOT NULL DEFAULT 0,
        ADD COLUMN event_hash bytea`);
    await queryRunner.query(`
      CREATE TABLE verification_events (
        request_id uuid NOT NULL,
        number smallint NOT NULL,
        at timestamptz NOT NULL,
        type text NOT NULL,
        from_status text,
        to_status text NOT NULL,
        reason text,
        actor text NOT NULL,
        provider_status text,
        price numeric(12,4),
        currency text,
        hash bytea NOT NULL,
        CONSTRAINT verification_events_pkey PRIMARY KEY (request_id, number)
      )`);
    await queryRunner.query(`CREATE INDEX verification_events_at ON verification_events USING brin (at)`);
    // The one place that knows what a link is made of; the statements write with it, the verification reads with it.
    await queryRunner.query(`
      CREATE FUNCTION verification_event_hash(
        previous bytea, request_id uuid, number integer, at timestamptz, type text, from_status text, to_status text,
        reason text, actor text, provider_status text, price numeric, currency text) RETURNS bytea
      LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT sha256(coalesce(previous, ''::bytea) || convert_to(json_build_array(
          request_id, number, (extract(epoch FROM at) * 1000000)::bigint, type, from_status, to_status,
          reason, actor, provider_status, price::numeric(12,4), currency)::text, 'UTF8'))
      $$`);
    // Append-only for the role that the application runs as, which is the owner unless the operator made another one.
    await queryRunner.query(`REVOKE UPDATE, DELETE, TRUNCATE ON verification_events FROM CURRENT_USER`);
    await queryRunner.query(`
      CREATE TABLE event_announcers (
        id uuid NOT NULL,
        announced_until timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        CONSTRAINT event_announcers_pkey PRIMARY KEY (id)
      ) WITH (fillfactor = 50)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE event_announcers');
    await queryRunner.query('DROP TABLE verification_events');
    await queryRunner.query('DROP FUNCTION verification_event_hash');
    await queryRunner.query('ALTER TABLE verification_requests DROP COLUMN events, DROP COLUMN event_hash');
  }
}
