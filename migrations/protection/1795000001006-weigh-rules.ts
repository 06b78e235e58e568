import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Weighs the rules of a message and, if `take`, takes what they ask for, all or nothing. */
export class WeighRules1795000001006 implements MigrationInterface {
  readonly name = 'WeighRules1795000001006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION weigh_rules(rules jsonb, take boolean, looked boolean DEFAULT false,
        OUT refused_by text, OUT retry_after double precision, OUT weighed json, OUT moment timestamptz)
      LANGUAGE plpgsql VOLATILE AS $$
      DECLARE
        r record;
        today date;
        used numeric;
        free_at timestamptz;
        entry text;
        refused boolean;
        list json[];
      BEGIN
        FOR pass IN CASE WHEN take AND looked THEN 2 ELSE 1 END..2 LOOP
          IF pass = 2 THEN
            INSERT INTO limit_buckets AS b (scope, key)
            SELECT DISTINCT x.scope, decode(x.keys[1], 'base64')
              FROM jsonb_to_recordset(rules) AS x(kind text, scope text, keys text[]) WHERE x.kind = 'window' ORDER BY 1, 2
            ON CONFLICT (scope, key) DO UPDATE SET taken = b.taken WHERE false;
            INSERT INTO limit_days AS d (scope, key, day)
            SELECT DISTINCT x.scope, decode(x.keys[1], 'base64'), (clock_timestamp() AT TIME ZONE 'UTC')::date
              FROM jsonb_to_recordset(rules) AS x(kind text, scope text, keys text[]) WHERE x.kind = 'day' ORDER BY 1, 2
            ON CONFLICT (scope, key, day) DO UPDATE SET taken = d.taken WHERE false;
          END IF;
          moment := clock_timestamp();
          today := (moment AT TIME ZONE 'UTC')::date;
          refused_by := NULL;
          retry_after := NULL;
          list := '{}';
          FOR r IN
            SELECT x.*, ARRAY(SELECT decode(k, 'base64') FROM unnest(x.keys) k) AS all_keys
              FROM jsonb_to_recordset(rules) AS x(
                rule text, mode text, kind text, scope text, keys text[], "limit" numeric, seconds float8,
                amount numeric, refuses boolean, input text, number_keys text[], prefix text, country text, address text)
          LOOP
            used := NULL;
            free_at := NULL;
            entry := r.input;
            CASE r.kind
              WHEN 'window' THEN
                SELECT count(*) FILTER (WHERE t > moment - make_interval(secs => r.seconds)),
                       (array_agg(t ORDER BY t DESC))[greatest(r."limit", 1)::int] + make_interval(secs => r.seconds)
                  INTO used, free_at
                  FROM limit_buckets b, unnest(b.taken) t WHERE b.scope = r.scope AND b.key = ANY(r.all_keys);
                refused := used >= r."limit";
              WHEN 'day' THEN
                SELECT coalesce(sum(d.taken), 0) INTO used
                  FROM limit_days d WHERE d.scope = r.scope AND d.key = ANY(r.all_keys) AND d.day = today;
                free_at := (today + 1)::timestamp AT TIME ZONE 'UTC';
                refused := used + r.amount > r."limit";
              WHEN 'stop' THEN
                SELECT max(s.until) INTO free_at FROM destination_stops s
                 WHERE s.scope = r.scope AND s.key = ANY(r.all_keys) AND s.lifted_at IS NULL AND s.until > moment;
                refused := free_at IS NOT NULL;
              WHEN 'block' THEN
                SELECT e.id INTO entry FROM (
                  SELECT e.* FROM block_entries e
                   WHERE e.fingerprint IN (SELECT decode(k, 'base64') FROM unnest(r.number_keys) k)
                  UNION ALL SELECT e.* FROM block_entries e WHERE e.kind = 'prefix' AND e.value = r.prefix
                  UNION ALL SELECT e.* FROM block_entries e WHERE e.kind = 'country' AND e.value = r.country
                  UNION ALL SELECT e.* FROM block_entries e WHERE e.network >>= r.address::inet) e
                 WHERE e.lifted_at IS NULL AND (e.expires_at IS NULL OR e.expires_at > moment)
                 ORDER BY e.id LIMIT 1;
                refused := entry IS NOT NULL;
              ELSE
                refused := coalesce(r.refuses, false);
            END CASE;
            IF refused AND refused_by IS NULL AND r.mode = 'enforce' THEN
              refused_by := r.rule;
              retry_after := extract(epoch FROM free_at - moment);
            END IF;
            list := list || json_strip_nulls(json_build_object(
              'rule', r.rule, 'mode', CASE WHEN r.mode <> 'enforce' THEN r.mode END,
              'outcome', CASE WHEN refused THEN 'refuse' ELSE 'pass' END,
              'input', entry, 'used', trim_scale(used), 'limit', r."limit",
              'seconds', CASE WHEN r.kind = 'window' THEN r.seconds END,
              'amount', CASE WHEN r.kind = 'day' THEN r.amount END,
              'scope', r.scope, 'key', r.keys[1]));
          END LOOP;
          weighed := array_to_json(list);
          EXIT WHEN NOT take OR refused_by IS NOT NULL;
        END LOOP;

        IF take AND refused_by IS NULL THEN
          -- No more is kept than the largest limit of a bucket can count.
          UPDATE limit_buckets b
             SET taken = (b.taken || moment)[greatest(1, cardinality(b.taken) + 2 - x.most):]
            FROM (SELECT x.scope, decode(x.keys[1], 'base64') AS key, max(greatest(x."limit", 1))::int AS most
                    FROM jsonb_to_recordset(rules) AS x(kind text, scope text, keys text[], "limit" numeric)
                   WHERE x.kind = 'window' GROUP BY 1, 2) x
           WHERE b.scope = x.scope AND b.key = x.key;
          UPDATE limit_days d SET taken = d.taken + x.amount
            FROM (SELECT x.scope, decode(x.keys[1], 'base64') AS key, max(x.amount) AS amount
                    FROM jsonb_to_recordset(rules) AS x(kind text, scope text, keys text[], amount numeric)
                   WHERE x.kind = 'day' GROUP BY 1, 2) x
           WHERE d.scope = x.scope AND d.key = x.key AND d.day = today;
        END IF;
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP FUNCTION weigh_rules');
  }
}
