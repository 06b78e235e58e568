import type { MigrationInterface, QueryRunner } from 'typeorm';

const EVENT_HASH = (more: { parameter: string; text: string }) => `
  CREATE FUNCTION verification_event_hash(
    previous bytea, request_id uuid, number integer, at timestamptz, type text, from_status text, to_status text,
    reason text, actor text, provider_status text, price numeric, currency text${more.parameter}) RETURNS bytea
  LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(coalesce(previous, ''::bytea) || convert_to(json_build_array(
      request_id, number, (extract(epoch FROM at) * 1000000)::bigint, type, from_status, to_status,
      reason, actor, provider_status, price::numeric(12,4), currency)::text${more.text}, 'UTF8'))
  $$`;
const OLD_SIGNATURE =
  'verification_event_hash(bytea, uuid, integer, timestamptz, text, text, text, text, text, text, numeric, text)';
const NEW_SIGNATURE =
  'verification_event_hash(bytea, uuid, integer, timestamptz, text, text, text, text, text, text, numeric, text, text)';

/**
 * Ways to find requests among millions. On requests only columns that never change are indexed (docs/decisions/0003);
 * how a request ended, why, and the provider's id are found by its events, which nobody changes.
 */
export class FindRequests1795000000009 implements MigrationInterface {
  readonly name = 'FindRequests1795000000009';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE verification_events ADD COLUMN provider_request_id text`);
    // Events from before have none: their hashes stay what they were.
    await queryRunner.query(`DROP FUNCTION ${OLD_SIGNATURE}`);
    await queryRunner.query(
      EVENT_HASH({
        parameter: ', provider_request_id text DEFAULT NULL',
        text: ` || coalesce(provider_request_id, '')`,
      }),
    );
    for (const [name, columns, where] of [
      ['country', 'phone_country, id', ''],
      ['purpose', 'purpose, id', ''],
      ['channel', 'channel, id', ''],
      ['address', 'caller_address, id', 'WHERE caller_address IS NOT NULL'],
    ])
      await queryRunner.query(
        `CREATE INDEX verification_requests_${name} ON verification_requests (${columns}) ${where}`,
      );
    await queryRunner.query(`
      CREATE INDEX verification_events_ends ON verification_events (to_status, request_id)
       WHERE from_status IS DISTINCT FROM to_status AND to_status IN ('VERIFIED', 'FAILED', 'EXPIRED', 'CANCELLED')`);
    await queryRunner.query(
      `CREATE INDEX verification_events_reason ON verification_events (reason, request_id) WHERE reason IS NOT NULL`,
    );
    await queryRunner.query(`
      CREATE INDEX verification_events_provider ON verification_events (provider_request_id)
       WHERE provider_request_id IS NOT NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of ['events_provider', 'events_reason', 'events_ends'])
      await queryRunner.query(`DROP INDEX verification_${name}`);
    for (const name of ['address', 'channel', 'purpose', 'country'])
      await queryRunner.query(`DROP INDEX verification_requests_${name}`);
    await queryRunner.query(`DROP FUNCTION ${NEW_SIGNATURE}`);
    await queryRunner.query(EVENT_HASH({ parameter: '', text: '' }));
    await queryRunner.query('ALTER TABLE verification_events DROP COLUMN provider_request_id');
  }
}
