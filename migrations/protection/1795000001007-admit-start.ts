import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Decides on a start: the number's live request and the waits after wrong codes first, then the rules. */
export class AdmitStart1795000001007 implements MigrationInterface {
  readonly name = 'AdmitStart1795000001007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION admit_start(phone bytea, confirmed text, for_user text, request uuid, live_seconds double precision,
        callers bytea[], for_purpose text, rules jsonb, take boolean,
        OUT outcome text, OUT refused_by text, OUT retry_after double precision, OUT weighed json,
        OUT moment timestamptz, OUT live_until timestamptz, OUT live_request uuid)
      LANGUAGE plpgsql VOLATILE AS $$
      DECLARE
        guard record;
        waits record;
        live record;
      BEGIN
        FOR pass IN 1..2 LOOP
          moment := clock_timestamp();
          IF pass = 2 THEN
            -- A stranger who comes at the same moment waits here for the end of this statement.
            INSERT INTO number_slots AS g (phone_fingerprint, confirmed_for, live_request_id, live_until)
            VALUES (phone, confirmed, request, moment + make_interval(secs => live_seconds))
            ON CONFLICT (phone_fingerprint, confirmed_for) DO UPDATE
              SET live_request_id = excluded.live_request_id, live_until = excluded.live_until
              WHERE (g.live_until IS NULL OR g.live_until <= clock_timestamp()) AND g.locked_at IS NULL
                AND (g.wait_until IS NULL OR g.wait_until <= clock_timestamp())
            RETURNING g.live_until INTO live_until;
            IF live_until IS NOT NULL THEN
              SELECT w.refused_by, w.retry_after, w.weighed, w.moment INTO refused_by, retry_after, weighed, moment
                FROM weigh_rules(rules, true, true) w;
              EXIT WHEN refused_by IS NULL;
              -- Somebody took the last one between the two looks.
              UPDATE number_slots g SET live_request_id = NULL, live_until = NULL
               WHERE g.phone_fingerprint = phone AND g.confirmed_for = confirmed;
              EXIT;
            END IF;
          END IF;

          SELECT g.live_request_id, g.live_until, g.wait_until, g.locked_at INTO guard
            FROM number_slots g WHERE g.phone_fingerprint = phone AND g.confirmed_for = confirmed;
          SELECT u.wait_until, u.locked_at INTO waits
            FROM user_wrong_codes u WHERE u.user_id = for_user AND u.confirmed = (admit_start.confirmed <> '');
          SELECT r.purpose, r.caller_fingerprint INTO live
            FROM verification_requests r WHERE r.id = guard.live_request_id AND guard.live_until > moment;
          weighed := '[]';
          live_request := CASE WHEN guard.live_until > moment THEN guard.live_request_id END;
          outcome := CASE
            -- After a stranger's request gave way, the number is held for a moment without any.
            WHEN NOT coalesce(guard.live_until > moment, false) THEN 'allowed'
            WHEN NOT coalesce(live.caller_fingerprint = ANY(callers), false) THEN 'refused'
            WHEN live.purpose = for_purpose THEN 'joined'
            WHEN confirmed <> '' THEN 'replacing'
            ELSE 'refused' END;
          IF outcome IN ('refused', 'joined') THEN
            refused_by := 'live-request';
            retry_after := extract(epoch FROM guard.live_until - moment);
          ELSIF guard.locked_at IS NOT NULL OR waits.locked_at IS NOT NULL THEN
            refused_by := 'lock';
          ELSIF greatest(guard.wait_until, waits.wait_until) > moment THEN
            refused_by := 'wrong-codes';
            retry_after := extract(epoch FROM greatest(guard.wait_until, waits.wait_until) - moment);
          ELSE
            -- Also before a request gives way to another one: nothing is given up for a start that is refused.
            SELECT w.refused_by, w.retry_after, w.weighed, w.moment INTO refused_by, retry_after, weighed, moment
              FROM weigh_rules(rules, false) w;
          END IF;
          EXIT WHEN NOT take OR refused_by IS NOT NULL OR outcome = 'replacing';
        END LOOP;
        IF take AND outcome = 'allowed' AND refused_by IS NULL AND live_until IS NULL THEN
          -- Taken and free again while this call looked: the next try will see.
          refused_by := 'live-request';
          retry_after := 1;
        END IF;
        IF refused_by IS NOT NULL AND outcome <> 'joined' THEN outcome := 'refused'; END IF;
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP FUNCTION admit_start');
  }
}
