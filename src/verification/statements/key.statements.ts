/** What a change of keys does to rows. */
export const KEY_STATEMENTS = {
  /** Brings everything of one number under the fingerprint $1, from those in $2. Wrong codes and locks add up. */
  carryOver: `
    WITH old AS (
      DELETE FROM number_slots WHERE phone_fingerprint = ANY($2::bytea[]) AND phone_fingerprint <> $1 RETURNING *),
    merged AS (
      SELECT confirmed_for, sum(wrong_codes)::int AS wrong_codes, max(wait_until) AS wait_until, max(locked_at) AS locked_at,
             (array_agg(live_request_id ORDER BY live_until DESC NULLS LAST))[1] AS live_request_id, max(live_until) AS live_until
        FROM old GROUP BY confirmed_for),
    guards AS (
      INSERT INTO number_slots AS g
        (phone_fingerprint, confirmed_for, live_request_id, live_until, wrong_codes, wait_until, locked_at)
      SELECT $1, confirmed_for, live_request_id, live_until, wrong_codes, wait_until, locked_at FROM merged
      ON CONFLICT (phone_fingerprint, confirmed_for) DO UPDATE
        SET live_request_id = CASE WHEN g.live_until > clock_timestamp() THEN g.live_request_id ELSE excluded.live_request_id END,
            live_until = greatest(g.live_until, excluded.live_until),
            wrong_codes = g.wrong_codes + excluded.wrong_codes,
            wait_until = greatest(g.wait_until, excluded.wait_until),
            locked_at = coalesce(g.locked_at, excluded.locked_at)),
    refused AS (
      UPDATE decisions SET phone_fingerprint = $1
       WHERE phone_fingerprint = ANY($2::bytea[]) AND phone_fingerprint <> $1)
    UPDATE verification_requests SET phone_fingerprint = $1
     WHERE phone_fingerprint = ANY($2::bytea[]) AND phone_fingerprint <> $1`,

  findKeyRotation: `
    SELECT last_id AS "lastId", done, finished_at AS "finishedAt" FROM key_rotations
     WHERE encryption_key = $1 AND fingerprint_key = $2`,

  saveKeyRotation: `
    INSERT INTO key_rotations (encryption_key, fingerprint_key, last_id, done, finished_at)
    VALUES ($1, $2, $3, $4, CASE WHEN $5 THEN clock_timestamp() END)
    ON CONFLICT (encryption_key, fingerprint_key) DO UPDATE
      SET last_id = excluded.last_id, done = excluded.done, finished_at = excluded.finished_at`,

  /** The next $2 requests after the id $1 that still have a number. */
  findSealed: `
    SELECT id, phone_number AS "phoneNumber", phone_fingerprint AS "phoneFingerprint"
      FROM verification_requests
     WHERE ($1::uuid IS NULL OR id > $1::uuid) AND phone_number IS NOT NULL ORDER BY id LIMIT $2`,

  /** One batch, at once: ids, the values as they were, and as they are from now on. */
  reseal: `
    UPDATE verification_requests r SET phone_number = n.sealed
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(id, was, sealed)
     WHERE r.id = n.id AND r.phone_number = n.was`,

  countSealed: `SELECT count(*)::int AS total FROM verification_requests WHERE phone_number IS NOT NULL`,
} as const;
