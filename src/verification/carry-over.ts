import { statement } from '../database/statement.js';

/**
 * Moves everything that a number did under older fingerprints to the newest: its requests, its refusals and its slot.
 * Wrong codes and locks add up.
 */
export const CARRY_OVER = statement<{ newest: Buffer; older: Buffer[] }>(
  'carry-over',
  `
  WITH old AS (
    DELETE FROM otp_number_slots WHERE phone_fingerprint = ANY(:older::bytea[]) AND phone_fingerprint <> :newest RETURNING *),
  merged AS (
    SELECT confirmed_for, sum(wrong_codes)::int AS wrong_codes, max(wait_until) AS wait_until, max(locked_at) AS locked_at,
           (array_agg(live_request_id ORDER BY live_until DESC NULLS LAST))[1] AS live_request_id, max(live_until) AS live_until
      FROM old GROUP BY confirmed_for),
  slots AS (
    INSERT INTO otp_number_slots AS s
      (phone_fingerprint, confirmed_for, live_request_id, live_until, wrong_codes, wait_until, locked_at)
    SELECT :newest, confirmed_for, live_request_id, live_until, wrong_codes, wait_until, locked_at FROM merged
    ON CONFLICT (phone_fingerprint, confirmed_for) DO UPDATE
       SET live_request_id = CASE WHEN s.live_until > clock_timestamp() THEN s.live_request_id ELSE excluded.live_request_id END,
           live_until = greatest(s.live_until, excluded.live_until),
           wrong_codes = s.wrong_codes + excluded.wrong_codes,
           wait_until = greatest(s.wait_until, excluded.wait_until),
           locked_at = coalesce(s.locked_at, excluded.locked_at)),
  refused AS (
    UPDATE otp_decisions SET phone_fingerprint = :newest
     WHERE phone_fingerprint = ANY(:older) AND phone_fingerprint <> :newest)
  UPDATE otp_verification_requests SET phone_fingerprint = :newest
   WHERE phone_fingerprint = ANY(:older) AND phone_fingerprint <> :newest`,
);
