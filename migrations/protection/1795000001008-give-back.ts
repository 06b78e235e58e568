import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Gives back what a request's last allowed message has taken, because nothing went out for it. */
export class GiveBack1795000001008 implements MigrationInterface {
  readonly name = 'GiveBack1795000001008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
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
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP FUNCTION give_back');
  }
}
