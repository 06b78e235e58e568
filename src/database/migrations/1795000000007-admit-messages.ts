import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may cause a message: limits, blocks, stops and prices, the function that weighs them, and the record of it. */
export class AdmitMessages1795000000007 implements MigrationInterface {
  readonly name = 'AdmitMessages1795000000007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE verification_requests
        ADD COLUMN prefix_fingerprint bytea,
        ADD COLUMN caller_address text,
        ADD COLUMN caller_agent text`);
    await queryRunner.query(`
      CREATE TABLE limit_buckets (
        scope text NOT NULL,
        key bytea NOT NULL,
        taken timestamptz[] NOT NULL DEFAULT '{}',
        CONSTRAINT limit_buckets_pkey PRIMARY KEY (scope, key)
      ) WITH (fillfactor = 70)`);
    await queryRunner.query(`
      CREATE TABLE limit_days (
        scope text NOT NULL,
        key bytea NOT NULL,
        day date NOT NULL,
        taken numeric(14,4) NOT NULL DEFAULT 0,
        CONSTRAINT limit_days_pkey PRIMARY KEY (scope, key, day)
      ) WITH (fillfactor = 50)`);
    await queryRunner.query(`
      CREATE TABLE block_entries (
        id uuid NOT NULL,
        kind text NOT NULL,
        value text,
        network inet,
        fingerprint bytea,
        label text NOT NULL,
        reason text NOT NULL,
        author text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        lifted_at timestamptz,
        CONSTRAINT block_entries_pkey PRIMARY KEY (id),
        CONSTRAINT block_entries_kind CHECK (kind IN ('number', 'prefix', 'country', 'address'))
      )`);
    await queryRunner.query(
      `CREATE INDEX block_entries_value ON block_entries (kind, value) WHERE lifted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX block_entries_fingerprint ON block_entries (fingerprint) WHERE lifted_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX block_entries_network ON block_entries USING gist (network inet_ops) WHERE lifted_at IS NULL`,
    );
    await queryRunner.query(`
      CREATE TABLE destination_stops (
        scope text NOT NULL,
        key bytea NOT NULL,
        label text NOT NULL,
        started integer NOT NULL,
        verified integer NOT NULL,
        stopped_at timestamptz NOT NULL,
        until timestamptz NOT NULL,
        lifted_at timestamptz,
        CONSTRAINT destination_stops_pkey PRIMARY KEY (scope, key)
      )`);
    await queryRunner.query(`
      CREATE TABLE message_prices (
        country text NOT NULL,
        channel text NOT NULL,
        price numeric(12,4) NOT NULL,
        currency text NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT message_prices_pkey PRIMARY KEY (country, channel)
      )`);
    await queryRunner.query(`
      CREATE TABLE decisions (
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        action text NOT NULL,
        outcome text NOT NULL,
        rule text,
        request_id uuid,
        rules json NOT NULL,
        phone_fingerprint bytea,
        phone_country text,
        phone_last_digits text,
        purpose text,
        user_id text,
        caller_address text,
        CONSTRAINT decisions_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      `CREATE INDEX decisions_request ON decisions (request_id) WHERE request_id IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX decisions_phone ON decisions (phone_fingerprint, id) WHERE phone_fingerprint IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX decisions_user ON decisions (user_id, id) WHERE user_id IS NOT NULL`,
    );
    await queryRunner.query(WEIGH_RULES);
    await queryRunner.query(ADMIT_START);
    await queryRunner.query(GIVE_BACK);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP FUNCTION give_back');
    await queryRunner.query('DROP FUNCTION admit_start');
    await queryRunner.query('DROP FUNCTION weigh_rules');
    for (const table of [
      'decisions',
      'message_prices',
      'destination_stops',
      'block_entries',
      'limit_days',
      'limit_buckets',
    ])
      await queryRunner.query(`DROP TABLE ${table}`);
    await queryRunner.query(`
      ALTER TABLE verification_requests
        DROP COLUMN prefix_fingerprint, DROP COLUMN caller_address, DROP COLUMN caller_agent`);
  }
}

/**
 * Weighs rules (see verification/domain/admission.ts for what each kind has) and, if `take`, takes what they ask for,
 * all or nothing. The first one in order that refuses and is enforced decides. Without `take` it only looks.
 *
 * Looks without locks first, so that a flood of refused calls contends for nothing and writes nothing; only what seems
 * admissible locks its buckets, always in the same order, and is weighed again under the locks.
 */
export const WEIGH_RULES = `
  CREATE FUNCTION weigh_rules(rules jsonb, take boolean,
    OUT refused_by text, OUT retry_after double precision, OUT weighed json, OUT moment timestamptz)
  LANGUAGE plpgsql VOLATILE AS $$
  BEGIN
    FOR pass IN 1..2 LOOP
      IF pass = 2 THEN
        INSERT INTO limit_buckets AS b (scope, key)
        SELECT DISTINCT r.scope, decode(r.keys[1], 'base64')
          FROM jsonb_to_recordset(rules) AS r(kind text, scope text, keys text[]) WHERE r.kind = 'window' ORDER BY 1, 2
        ON CONFLICT (scope, key) DO UPDATE SET taken = b.taken WHERE false;
        INSERT INTO limit_days AS d (scope, key, day)
        SELECT DISTINCT r.scope, decode(r.keys[1], 'base64'), (clock_timestamp() AT TIME ZONE 'UTC')::date
          FROM jsonb_to_recordset(rules) AS r(kind text, scope text, keys text[]) WHERE r.kind = 'day' ORDER BY 1, 2
        ON CONFLICT (scope, key, day) DO UPDATE SET taken = d.taken WHERE false;
      END IF;
      moment := clock_timestamp();

      WITH asked AS (
        SELECT r.*, ARRAY(SELECT decode(k, 'base64') FROM unnest(r.keys) k) AS all_keys
          FROM ROWS FROM (jsonb_to_recordset(rules) AS (
                 rule text, mode text, kind text, scope text, keys text[], "limit" numeric, seconds float8,
                 amount numeric, refuses boolean, input text, number_keys text[], prefix text, country text, address text))
               WITH ORDINALITY AS r(rule, mode, kind, scope, keys, "limit", seconds, amount, refuses, input,
                                    number_keys, prefix, country, address, place)),
      seen AS (
        SELECT a.*,
               CASE a.kind
                 WHEN 'window' THEN (SELECT count(*)::numeric FROM limit_buckets b, unnest(b.taken) t
                                      WHERE b.scope = a.scope AND b.key = ANY(a.all_keys)
                                        AND t > moment - make_interval(secs => a.seconds))
                 WHEN 'day' THEN (SELECT coalesce(sum(d.taken), 0) FROM limit_days d
                                   WHERE d.scope = a.scope AND d.key = ANY(a.all_keys)
                                     AND d.day = (moment AT TIME ZONE 'UTC')::date)
               END AS used,
               CASE a.kind
                 WHEN 'window' THEN (SELECT t FROM limit_buckets b, unnest(b.taken) t
                                      WHERE b.scope = a.scope AND b.key = ANY(a.all_keys)
                                      ORDER BY t DESC OFFSET greatest(a."limit" - 1, 0)::bigint LIMIT 1)
                                    + make_interval(secs => a.seconds)
                 WHEN 'day' THEN ((moment AT TIME ZONE 'UTC')::date + 1)::timestamp AT TIME ZONE 'UTC'
                 WHEN 'stop' THEN (SELECT max(s.until) FROM destination_stops s
                                    WHERE s.scope = a.scope AND s.key = ANY(a.all_keys)
                                      AND s.lifted_at IS NULL AND s.until > moment)
               END AS free_at,
               CASE a.kind
                 WHEN 'block' THEN (
                   SELECT e.id::text FROM (
                     SELECT e.* FROM block_entries e
                      WHERE e.fingerprint IN (SELECT decode(k, 'base64') FROM unnest(a.number_keys) k)
                     UNION ALL SELECT e.* FROM block_entries e WHERE e.kind = 'prefix' AND e.value = a.prefix
                     UNION ALL SELECT e.* FROM block_entries e WHERE e.kind = 'country' AND e.value = a.country
                     UNION ALL SELECT e.* FROM block_entries e WHERE e.network >>= a.address::inet) e
                    WHERE e.lifted_at IS NULL AND (e.expires_at IS NULL OR e.expires_at > moment)
                    ORDER BY e.id LIMIT 1)
                 ELSE a.input
               END AS found
          FROM asked a),
      judged AS (
        SELECT s.*,
               CASE s.kind
                 WHEN 'window' THEN s.used >= s."limit"
                 WHEN 'day' THEN s.used + s.amount > s."limit"
                 WHEN 'stop' THEN s.free_at IS NOT NULL
                 WHEN 'block' THEN s.found IS NOT NULL
                 ELSE coalesce(s.refuses, false)
               END AS refused
          FROM seen s)
      SELECT (array_agg(j.rule ORDER BY j.place) FILTER (WHERE j.refused AND j.mode = 'enforce'))[1],
             (array_agg(extract(epoch FROM j.free_at - moment)::float8 ORDER BY j.place)
                FILTER (WHERE j.refused AND j.mode = 'enforce'))[1],
             coalesce(json_agg(json_strip_nulls(json_build_object(
               'rule', j.rule, 'mode', CASE WHEN j.mode <> 'enforce' THEN j.mode END,
               'outcome', CASE WHEN j.refused THEN 'refuse' ELSE 'pass' END,
               'input', j.found, 'used', trim_scale(j.used), 'limit', j."limit",
               'seconds', CASE WHEN j.kind = 'window' THEN j.seconds END,
               'amount', CASE WHEN j.kind = 'day' THEN j.amount END,
               'scope', j.scope, 'key', j.keys[1])) ORDER BY j.place), '[]')
        INTO refused_by, retry_after, weighed
        FROM judged j;
      EXIT WHEN NOT take OR refused_by IS NOT NULL;
    END LOOP;

    IF take AND refused_by IS NULL THEN
      -- No more is kept than the largest limit of a bucket can count.
      UPDATE limit_buckets b
         SET taken = (b.taken || moment)[greatest(1, cardinality(b.taken) + 2 - r.most):]
        FROM (SELECT scope, decode(keys[1], 'base64') AS key, max(greatest("limit", 1))::int AS most
                FROM jsonb_to_recordset(rules) AS x(kind text, scope text, keys text[], "limit" numeric)
               WHERE kind = 'window' GROUP BY 1, 2) r
       WHERE b.scope = r.scope AND b.key = r.key;
      UPDATE limit_days d SET taken = d.taken + r.amount
        FROM (SELECT scope, decode(keys[1], 'base64') AS key, max(amount) AS amount
                FROM jsonb_to_recordset(rules) AS x(kind text, scope text, keys text[], amount numeric)
               WHERE kind = 'day' GROUP BY 1, 2) r
       WHERE d.scope = r.scope AND d.key = r.key AND d.day = (moment AT TIME ZONE 'UTC')::date;
    END IF;
  END $$`;

/**
 * Decides on a start: the number's live request and the waits after wrong codes first, then the rules. If `take`, takes
 * the number for the request as well, all or nothing. The guard of the number is locked before any bucket.
 */
export const ADMIT_START = `
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
        INSERT INTO phone_guards AS g (phone_fingerprint, confirmed_for, live_request_id, live_until)
        VALUES (phone, confirmed, request, moment + make_interval(secs => live_seconds))
        ON CONFLICT (phone_fingerprint, confirmed_for) DO UPDATE
          SET live_request_id = excluded.live_request_id, live_until = excluded.live_until
          WHERE (g.live_until IS NULL OR g.live_until <= clock_timestamp()) AND g.locked_at IS NULL
            AND (g.wait_until IS NULL OR g.wait_until <= clock_timestamp())
        RETURNING g.live_until INTO live_until;
        IF live_until IS NOT NULL THEN
          SELECT w.refused_by, w.retry_after, w.weighed, w.moment INTO refused_by, retry_after, weighed, moment
            FROM weigh_rules(rules, true) w;
          EXIT WHEN refused_by IS NULL;
          -- Somebody took the last one between the two looks.
          UPDATE phone_guards g SET live_request_id = NULL, live_until = NULL
           WHERE g.phone_fingerprint = phone AND g.confirmed_for = confirmed;
          EXIT;
        END IF;
      END IF;

      SELECT g.live_request_id, g.live_until, g.wait_until, g.locked_at INTO guard
        FROM phone_guards g WHERE g.phone_fingerprint = phone AND g.confirmed_for = confirmed;
      SELECT u.wait_until, u.locked_at INTO waits
        FROM user_guards u WHERE u.user_id = for_user AND u.confirmed = (admit_start.confirmed <> '');
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
  END $$`;

/**
 * Gives back what the last admitted message of a request has taken from the buckets of these scopes, because nothing
 * went out for it. Once: what is given back is marked in the record.
 */
const GIVE_BACK = `
  CREATE FUNCTION give_back(request uuid, scopes text[]) RETURNS integer
  LANGUAGE plpgsql VOLATILE AS $$
  DECLARE
    decision record;
  BEGIN
    SELECT d.id, d.at, d.rules INTO decision FROM decisions d
     WHERE d.request_id = request AND d.action IN ('start', 'resend') AND d.outcome = 'allowed'
     ORDER BY d.at DESC LIMIT 1 FOR UPDATE;
    IF decision.id IS NULL THEN RETURN 0; END IF;
    UPDATE decisions d SET outcome = 'given-back' WHERE d.id = decision.id;
    PERFORM 1 FROM limit_buckets b
      JOIN json_to_recordset(decision.rules) AS r(scope text, key text, seconds float8)
        ON b.scope = r.scope AND b.key = decode(r.key, 'base64') AND r.seconds IS NOT NULL
     ORDER BY b.scope, b.key FOR UPDATE OF b;
    UPDATE limit_buckets b SET taken = array_remove(b.taken, decision.at)
      FROM json_to_recordset(decision.rules) AS r(scope text, key text, seconds float8)
     WHERE b.scope = r.scope AND b.key = decode(r.key, 'base64') AND r.seconds IS NOT NULL AND r.scope = ANY(scopes);
    PERFORM 1 FROM limit_days d
      JOIN json_to_recordset(decision.rules) AS r(scope text, key text, amount numeric)
        ON d.scope = r.scope AND d.key = decode(r.key, 'base64') AND r.amount IS NOT NULL
     WHERE d.day = (decision.at AT TIME ZONE 'UTC')::date
     ORDER BY d.scope, d.key FOR UPDATE OF d;
    UPDATE limit_days d SET taken = greatest(0, d.taken - r.amount)
      FROM json_to_recordset(decision.rules) AS r(scope text, key text, amount numeric)
     WHERE d.scope = r.scope AND d.key = decode(r.key, 'base64') AND r.amount IS NOT NULL AND r.scope = ANY(scopes)
       AND d.day = (decision.at AT TIME ZONE 'UTC')::date;
    RETURN 1;
  END $$`;
