import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far each instance has announced its own events. */
export class AnnounceEvents1795000000007 implements MigrationInterface {
  readonly name = 'AnnounceEvents1795000000007';

  async up(queryRunner: QueryRunner): Promise<void> {
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
  }
}
