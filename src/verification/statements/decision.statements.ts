/** What came of weighing rules, from a row `a` of `admit_start`. */
export const ADMISSION = `a.outcome, a.refused_by AS "refusedBy", a.retry_after AS "retryAfter"`;

/**
 * A CTE after `changed`: nothing went out, so the buckets of the scopes in the parameter get back what the last message
 * took. Guards are locked before buckets, everywhere.
 * @param after a condition that is true once the guards are done
 */
export const GIVE_BACK = (scopes: string, after: string) => `
  given AS (SELECT give_back(r.id, ${scopes}::text[]) AS given FROM changed r WHERE cardinality(${scopes}::text[]) > 0 AND ${after})`;
/** For the columns of a statement with {@link GIVE_BACK}: a CTE that nobody reads is not run. */
export const GIVEN_BACK = '(SELECT sum(given) FROM given) AS "givenBack"';

/** A CTE after `changed`: the record of a check that was allowed; $7 is its id. */
export const ALLOWED_CHECK = `
  decision AS (
    INSERT INTO decisions (id, at, action, outcome, request_id, rules)
    SELECT $7::uuid, clock_timestamp(), 'check', 'allowed', r.id, json_build_array(
             json_build_object('rule', 'request-state', 'outcome', 'pass', 'input', 'PENDING'),
             json_build_object('rule', 'wrong-codes', 'outcome', 'pass'),
             json_build_object('rule', 'attempt-cap', 'outcome', 'pass', 'used', r.attempts - 1, 'limit', r.max_attempts))
      FROM changed r)`;

/** Why something was allowed or refused, where the statement that decides does not record it itself. */
export const DECISION_STATEMENTS = {
  recordDecision: `
    INSERT INTO decisions (id, at, action, outcome, rule, request_id, rules)
    VALUES ($1, clock_timestamp(), $2, $3, $4, $5, $6)`,

  /** For a message that was reported as blocked after it had seemed to go out. */
  giveBack: `SELECT give_back($1::uuid, $2::text[])`,
} as const;
