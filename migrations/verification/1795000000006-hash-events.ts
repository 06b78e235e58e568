import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each event holds a hash over itself and the event before it. The hash of the newest one is in its request. */
export class HashEvents1795000000006 implements MigrationInterface {
  readonly name = 'HashEvents1795000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE verification_events ADD COLUMN hash bytea NOT NULL');
    await queryRunner.query('ALTER TABLE verification_requests ADD COLUMN event_hash bytea');
    await queryRunner.query(`
      CREATE FUNCTION verification_event_hash(
        previous bytea, request_id uuid, number integer, at timestamptz, type text, from_status text, to_status text,
        reason text, actor text, provider_status text, price numeric, currency text,
        provider_request_id text DEFAULT NULL) RETURNS bytea
      LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT sha256(coalesce(previous, ''::bytea) || convert_to(json_build_array(
          request_id, number, (extract(epoch FROM at) * 1000000)::bigint, type, from_status, to_status,
          reason, actor, provider_status, price::numeric(12,4), currency)::text || coalesce(provider_request_id, ''), 'UTF8'))
      $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP FUNCTION verification_event_hash');
    await queryRunner.query('ALTER TABLE verification_requests DROP COLUMN event_hash');
    await queryRunner.query('ALTER TABLE verification_events DROP COLUMN hash');
  }
}
