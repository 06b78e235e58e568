/**
 * Every statement that changes a request, by name. Rules they keep (docs/lifecycle.md):
 * one statement is one transaction; a change is a compare-and-set on the status it leaves; time is the database's
 * clock; no status or counter is computed here and written back; a request is locked before its phone guard.
 * Named, so that Postgres plans them once per connection.
 */
import { LIVE_STATUSES, type LifecycleEvent, sourcesOf } from './domain/lifecycle.js';

const list = (statuses: readonly string[]) => statuses.map((status) => `'${status}'`).join(', ');
const from = (event: LifecycleEvent) => `status IN (${list(sourcesOf(event))})`;

/** What every statement returns: the row, and the moment it was read at. */
const columns = (row: string) => `
  ${row}.id, ${row}.purpose, ${row}.status, ${row}.reason, ${row}.channel, ${row}.locale, ${row}.provider, ${row}.attempts, ${row}.sends,
  ${row}.phone_number AS "phoneNumber", ${row}.phone_country AS "phoneCountry", ${row}.phone_last_digits AS "phoneLastDigits",
  ${row}.user_id AS "userId", ${row}.caller_fingerprint AS "callerFingerprint", ${row}.caller_bound AS "callerBound",
  ${row}.code_length AS "codeLength", ${row}.max_attempts AS "maxAttempts", ${row}.provider_request_id AS "providerRequestId",
  ${row}.send_until AS "sendUntil", ${row}.check_until AS "checkUntil", ${row}.resend_available_at AS "resendAvailableAt",
  ${row}.created_at AS "createdAt", ${row}.expires_at AS "expiresAt", ${row}.verified_at AS "verifiedAt",
  clock_timestamp() AS "readAt"`;

/** The caller may use the request: it is the one that started it, or nobody in particular did. */
const boundTo = (parameter: string) => `(NOT caller_bound OR caller_fingerprint = ${parameter})`;
const seconds = (parameter: string) => `make_interval(secs => ${parameter})`;
const notBusy = '(check_until IS NULL OR check_until <= clock_timestamp())';
const inTime = 'expires_at > clock_timestamp()';

/** Ends a CTE named `changed`: the guard of a request that is over names nobody any more. */
const freeGuard = `freed AS (
  UPDATE phone_guards g SET live_request_id = NULL, live_until = NULL
    FROM changed c
   WHERE c.status NOT IN (${list(LIVE_STATUSES)})
     AND g.phone_fingerprint = c.phone_fingerprint AND g.confirmed_for = c.confirmed_for AND g.live_request_id = c.id)`;

export const STATEMENTS = {
  /** Takes the number and writes SENDING, or does nothing (0 rows) when the number has a live request. Hot: 1 of 4. */
  start: `
    WITH guard AS (
      INSERT INTO phone_guards AS g (phone_fingerprint, confirmed_for, live_request_id, live_until)
      VALUES ($5, $8, $1, clock_timestamp() + ${seconds('$15')})
      ON CONFLICT (phone_fingerprint, confirmed_for) DO UPDATE
        SET live_request_id = excluded.live_request_id, live_until = excluded.live_until
        WHERE g.live_until IS NULL OR g.live_until <= clock_timestamp()
      RETURNING live_until)
    INSERT INTO verification_requests AS r
      (id, purpose, channel, phone_number, phone_fingerprint, phone_country, phone_last_digits, confirmed_for, user_id,
       caller_fingerprint, caller_bound, locale, code_length, max_attempts, provider,
       status, created_at, expires_at, send_until)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $16,
           'SENDING', clock_timestamp(), live_until, clock_timestamp() + ${seconds('$17')}
      FROM guard
    RETURNING ${columns('r')}`,

  /** The message is out. Whoever answers first decides: 0 rows means somebody did. Hot: 2 of 4. */
  sent: `
    UPDATE verification_requests r
       SET status = 'PENDING', provider_request_id = $2, send_until = NULL,
           resend_available_at = clock_timestamp() + ${seconds('$3')}
     WHERE id = $1 AND ${from('sent')}
    RETURNING ${columns('r')}`,

  /** Spends one attempt and takes the request for one check, or does nothing. Hot: 3 of 4. */
  claimCheck: `
    UPDATE verification_requests r
       SET attempts = attempts + 1, check_token = $2, check_until = clock_timestamp() + ${seconds('$4')}
     WHERE id = $1 AND purpose = $5 AND ${from('matched')} AND ${inTime} AND attempts < max_attempts
       AND send_until IS NULL AND ${notBusy} AND ${boundTo('$3')}
    RETURNING ${columns('r')}`,

  /**
   * Writes down what the provider said of that check: $3 is the new status, $4 the reason, $5 the attempt to give back
   * (1 when the provider did not judge). Only the claim that still holds the token may. Hot: 4 of 4.
   */
  finishCheck: `
    WITH changed AS (
      UPDATE verification_requests
         SET status = $3, reason = $4, attempts = attempts - $5, check_token = NULL, check_until = NULL,
             verified_at = CASE WHEN $3 = 'VERIFIED' THEN clock_timestamp() END,
             ended_at = CASE WHEN $3 <> 'PENDING' THEN clock_timestamp() END
       WHERE id = $1 AND check_token = $2 AND ${from('matched')}
      RETURNING *),
    ${freeGuard}
    SELECT ${columns('c')} FROM changed c`,

  /** Takes over a send whose answer never came, once its time is up. */
  claimSend: `
    UPDATE verification_requests r SET send_until = clock_timestamp() + ${seconds('$2')}
     WHERE id = $1 AND ${from('sent')} AND send_until <= clock_timestamp() AND ${inTime}
    RETURNING ${columns('r')}`,

  /**
   * Takes over the oldest first message whose answer never came, of whatever request. Instances that look at the same
   * moment get different ones. The BRIN index on created_at keeps the search to the newest rows.
   */
  claimLostSend: `
    UPDATE verification_requests r SET send_until = clock_timestamp() + ${seconds('$1')}
     WHERE id = (SELECT id FROM verification_requests
                  WHERE created_at > clock_timestamp() - interval '30 minutes' AND ${from('sent')}
                    AND send_until <= clock_timestamp() AND ${inTime}
                  ORDER BY send_until FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING ${columns('r')}`,

  /** The same for a further message; $2 names the claim as for a resend that somebody asked for. */
  claimLostResend: `
    UPDATE verification_requests r
       SET check_token = $2, check_until = clock_timestamp() + ${seconds('$1')}, send_until = clock_timestamp() + ${seconds('$1')}
     WHERE id = (SELECT id FROM verification_requests
                  WHERE created_at > clock_timestamp() - interval '2 hours' AND ${from('resent')}
                    AND send_until <= clock_timestamp() AND ${inTime} AND ${notBusy}
                  ORDER BY send_until FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING ${columns('r')}, true AS "earlierSendLost", channel AS "previousChannel"`,

  /** Writes down what time has decided already; a check that was claimed in time may still finish. */
  sweep: `
    UPDATE verification_requests
       SET status = CASE status WHEN 'SENDING' THEN 'FAILED' ELSE 'EXPIRED' END,
           reason = CASE status WHEN 'SENDING' THEN 'send-lost' END, send_until = NULL, ended_at = clock_timestamp()
     WHERE id IN (SELECT id FROM verification_requests
                   WHERE created_at > clock_timestamp() - ${seconds('$1')} AND status IN (${list(LIVE_STATUSES)})
                     AND expires_at <= clock_timestamp() AND ${notBusy}
                   ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 500)
    RETURNING id`,

  /** Nobody knows whether the message went out: from now on whoever comes first may find out. */
  sendUnknown: `
    UPDATE verification_requests r SET send_until = clock_timestamp()
     WHERE id = $1 AND ${from('sent')}
    RETURNING ${columns('r')}`,

  /**
   * Attaches to a request that the provider says is in flight for this number ($2), when our own rows explain it: an
   * earlier request of the same purpose and user has that id, or a send of ours was lost ($3: this request's own).
   * Wrong codes already spent on it stay spent, and it does not live longer than its code.
   */
  adopt: `
    WITH earlier AS (
      SELECT max(o.attempts) FILTER (WHERE o.provider_request_id = $2) AS attempts,
             min(o.expires_at) FILTER (WHERE o.provider_request_id = $2) AS expires_at,
             bool_or(o.provider_request_id = $2) AS known,
             bool_or(o.send_until IS NOT NULL) AS lost
        FROM verification_requests o, verification_requests self
       WHERE self.id = $1 AND o.phone_fingerprint = self.phone_fingerprint AND o.id <> self.id
         AND o.purpose = self.purpose AND o.user_id IS NOT DISTINCT FROM self.user_id
         AND o.created_at > clock_timestamp() - interval '1 hour')
    UPDATE verification_requests r
       SET status = 'PENDING', provider_request_id = $2, send_until = NULL,
           attempts = greatest(r.attempts, coalesce(e.attempts, 0)),
           expires_at = least(r.expires_at, coalesce(e.expires_at, r.expires_at)),
           resend_available_at = clock_timestamp() + ${seconds('$4')}
      FROM earlier e
     WHERE r.id = $1 AND r.${from('sent')} AND ($3 OR e.known OR e.lost)
       AND coalesce(e.attempts, 0) < r.max_attempts AND coalesce(e.expires_at, r.expires_at) > clock_timestamp()
    RETURNING ${columns('r')}`,

  /** Ends a request that could not be sent. */
  failSend: `
    WITH changed AS (
      UPDATE verification_requests
         SET status = 'FAILED', reason = $2, send_until = NULL, ended_at = clock_timestamp()
       WHERE id = $1 AND ${from('send-rejected')}
      RETURNING *),
    ${freeGuard}
    SELECT ${columns('c')} FROM changed c`,

  /** Counts one more message (unless the last one was lost) and takes the request for it, or does nothing. */
  claimResend: `
    WITH before AS (
      SELECT id AS same, channel AS old_channel, send_until IS NOT NULL AS lost FROM verification_requests WHERE id = $1)
    UPDATE verification_requests r
       SET sends = sends + CASE WHEN lost THEN 0 ELSE 1 END, channel = coalesce($7, channel), check_token = $2, check_until = clock_timestamp() + ${seconds('$4')},
           send_until = clock_timestamp() + ${seconds('$4')}
      FROM before
     WHERE id = same AND purpose = $5 AND ${from('resent')} AND ${inTime} AND attempts < max_attempts
       AND (sends < $6 OR lost) AND resend_available_at <= clock_timestamp()
       AND ${notBusy} AND ${boundTo('$3')}
    RETURNING ${columns('r')}, lost AS "earlierSendLost", old_channel AS "previousChannel"`,

  /** The new message is out: a new code, a new lifetime, the same count of wrong codes. */
  finishResend: `
    WITH changed AS (
      UPDATE verification_requests
         SET provider_request_id = $3, send_until = NULL, check_token = NULL, check_until = NULL,
             expires_at = clock_timestamp() + ${seconds('$4')}, resend_available_at = clock_timestamp() + ${seconds('$5')}
       WHERE id = $1 AND check_token = $2 AND ${from('resent')}
      RETURNING *),
    extended AS (
      UPDATE phone_guards g SET live_until = c.expires_at
        FROM changed c
       WHERE g.phone_fingerprint = c.phone_fingerprint AND g.confirmed_for = c.confirmed_for AND g.live_request_id = c.id)
    SELECT ${columns('c')} FROM changed c`,

  /**
   * No message went out, or nobody knows ($3). Known: the message is given back and the old code still stands.
   * Unknown: it stays counted, and checks wait until a further resend has found out. $4: wait before that.
   * $5: the channel of the message that still counts.
   */
  abandonResend: `
    UPDATE verification_requests r
       SET sends = sends - CASE WHEN $3 THEN 0 ELSE 1 END, channel = CASE WHEN $3 THEN channel ELSE $5 END, check_token = NULL, check_until = NULL,
           send_until = CASE WHEN $3 THEN clock_timestamp() END,
           resend_available_at = clock_timestamp() + ${seconds('$4')}
     WHERE id = $1 AND check_token = $2 AND ${from('resent')}
    RETURNING ${columns('r')}`,

  cancel: `
    WITH changed AS (
      UPDATE verification_requests
         SET status = 'CANCELLED', reason = $4, ended_at = clock_timestamp()
       WHERE id = $1 AND purpose = $3 AND ${from('cancelled')} AND ${inTime} AND ${boundTo('$2')}
      RETURNING *),
    ${freeGuard}
    SELECT ${columns('c')} FROM changed c`,

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

  sweepIdempotencyKeys: `
    DELETE FROM idempotency_keys
     WHERE key_fingerprint IN (SELECT key_fingerprint FROM idempotency_keys
                                WHERE created_at < clock_timestamp() - interval '1 day' LIMIT 500 FOR UPDATE SKIP LOCKED)`,

  findById: `
    SELECT ${columns('r')} FROM verification_requests r WHERE id = $1`,

  findLive: `
    SELECT ${columns('r')}
      FROM phone_guards g JOIN verification_requests r ON r.id = g.live_request_id
     WHERE g.phone_fingerprint = $1 AND g.confirmed_for = $2 AND g.live_until > clock_timestamp()`,
} as const;

export type StatementName = keyof typeof STATEMENTS;
