import { change, COLUMNS, createdWithin, isLive, notBusy, seconds } from './fragments.js';
import { limitsFrom, lockAfter, NO_DOUBT, waitAfter } from './guards.js';

const limits = limitsFrom(2);
const WRONG_CODES = '(g.wrong_codes + f.wrong)';

/** How long a lock lasts, unless somebody lifts it. */
const LOCK_HOURS = 24;

/** Time, keys of repeated calls, and what is only read. */
export const UPKEEP_STATEMENTS = {
  /**
   * Writes down what time has decided already; a check that was claimed in time may still finish. A check that never
   * finished counts as a wrong code.
   */
  sweep: change({
    before: `b AS (
      SELECT r.id, r.status FROM verification_requests r
       WHERE ${createdWithin('$1')} AND ${isLive('r')}
         AND r.expires_at <= clock_timestamp() AND ${notBusy}
       ORDER BY r.id FOR UPDATE SKIP LOCKED LIMIT 500)`,
    set: `status = CASE r.status WHEN 'SENDING' THEN 'FAILED' ELSE 'EXPIRED' END,
          reason = CASE r.status WHEN 'SENDING' THEN 'send-lost' END, send_lease_until = NULL, ended_at = clock_timestamp(),
          ${NO_DOUBT}`,
    using: 'b',
    where: 'r.id = b.id',
    entry: {
      type: `CASE b.status WHEN 'SENDING' THEN 'send-lost' ELSE 'time-ran-out' END`,
      from: 'b.status',
      to: `CASE b.status WHEN 'SENDING' THEN 'FAILED' ELSE 'EXPIRED' END`,
      reason: `CASE b.status WHEN 'SENDING' THEN 'send-lost' END`,
      actor: `'reconciler'`,
    },
    also: [
      `unfinished AS (
        SELECT r.phone_fingerprint, r.confirmed_for, sum(r.unsettled_codes)::int AS wrong
          FROM changed r WHERE r.lease_token IS NOT NULL AND r.unsettled_codes > 0 AND NOT r.counted_by_caller GROUP BY 1, 2)`,
      `counted AS (
        UPDATE number_slots g
           SET wrong_codes = ${WRONG_CODES},
               wait_until = ${waitAfter(WRONG_CODES, limits)},
               locked_at = ${lockAfter(WRONG_CODES, limits, 'g.locked_at')}
          FROM unfinished f
         WHERE g.phone_fingerprint = f.phone_fingerprint AND g.confirmed_for = f.confirmed_for)`,
    ],
  }),

  /** Ends locks that are a day old. The wrong codes that led to them are forgotten with them. */
  endLocks: `
    WITH numbers AS (
      UPDATE number_slots SET wrong_codes = 0, wait_until = NULL, locked_at = NULL
       WHERE locked_at < now() - interval '${LOCK_HOURS} hours'
      RETURNING 1)
    UPDATE user_wrong_codes SET wrong_codes = 0, wait_until = NULL, locked_at = NULL
     WHERE locked_at < now() - interval '${LOCK_HOURS} hours'`,

  /** Takes a key for one call, also one whose first call has died or is a day old; 0 rows: it is taken. */
  claimIdempotencyKey: `
    INSERT INTO idempotency_keys AS k (key_fingerprint, body_fingerprint, locked_until, created_at)
    VALUES ($1, $2, clock_timestamp() + ${seconds('$3')}, clock_timestamp())
    ON CONFLICT (key_fingerprint) DO UPDATE
      SET body_fingerprint = excluded.body_fingerprint, answer = NULL,
          locked_until = excluded.locked_until, created_at = excluded.created_at
      WHERE k.created_at < clock_timestamp() - interval '1 day'
         OR (k.answer IS NULL AND k.locked_until <= clock_timestamp() AND k.body_fingerprint = excluded.body_fingerprint)
    RETURNING created_at`,

  findIdempotencyKey: `
    SELECT body_fingerprint AS "bodyFingerprint", answer FROM idempotency_keys WHERE key_fingerprint = $1`,

  answerIdempotencyKey: `
    UPDATE idempotency_keys SET answer = $2 WHERE key_fingerprint = $1`,

  releaseIdempotencyKey: `
    DELETE FROM idempotency_keys WHERE key_fingerprint = $1 AND answer IS NULL`,

  /** What was only kept to recognise a repetition, and is old enough that none will come. */
  sweepReceipts: `
    WITH keys AS (
      DELETE FROM idempotency_keys
       WHERE key_fingerprint IN (SELECT key_fingerprint FROM idempotency_keys
                                  WHERE created_at < clock_timestamp() - interval '1 day' LIMIT 500 FOR UPDATE SKIP LOCKED))
    DELETE FROM webhook_receipts
     WHERE payload_hash IN (SELECT payload_hash FROM webhook_receipts
                             WHERE received_at < clock_timestamp() - interval '7 days' LIMIT 500 FOR UPDATE SKIP LOCKED)`,

  findById: `
    SELECT ${COLUMNS} FROM verification_requests r WHERE r.id = $1`,

  findLive: `
    SELECT ${COLUMNS}
      FROM number_slots g JOIN verification_requests r ON r.id = g.live_request_id
     WHERE g.phone_fingerprint = $1 AND g.confirmed_for = $2 AND g.live_until > clock_timestamp()`,
} as const;
