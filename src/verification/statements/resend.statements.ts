import { boundTo, change, from, inTime, notBusy, seconds } from './fragments.js';
import { countCodes, countCodesOfUser, limitsFrom, mustWait, UNCOUNTED } from './guards.js';

const IN_PENDING = { from: `'PENDING'`, to: `'PENDING'` };

/** Of a check that died with its process before the resend: its code may have been wrong. */
const COUNT_LOST_CODES = [
  countCodes('r.uncounted', limitsFrom(8)),
  countCodesOfUser('r.uncounted', limitsFrom(8)),
];

/** Further messages of the same request. */
export const RESEND_STATEMENTS = {
  /** Counts one more message (unless the last one was lost) and takes the request for it, or does nothing. */
  claimResend: change({
    before: `b AS (
      SELECT id, channel, send_until IS NOT NULL AS lost FROM verification_requests WHERE id = $1 FOR UPDATE)`,
    set: `sends = r.sends + CASE WHEN b.lost THEN 0 ELSE 1 END, channel = coalesce($7, r.channel), check_token = $2,
          uncounted = ${UNCOUNTED},
          check_until = clock_timestamp() + ${seconds('$4')}, send_until = clock_timestamp() + ${seconds('$4')}`,
    using: 'b',
    where: `r.id = b.id AND r.purpose = $5 AND ${from('resent')} AND ${inTime} AND r.attempts < r.max_attempts
        AND (r.sends < $6 OR b.lost) AND r.resend_available_at <= clock_timestamp()
        AND ${notBusy} AND ${boundTo('$3')}
        AND NOT ${mustWait('r.phone_fingerprint', 'r.confirmed_for', 'r.user_id')}`,
    entry: { ...IN_PENDING, type: `'resend-claimed'`, actor: `'caller'` },
    returning: 'b.lost AS "earlierSendLost", b.channel AS "previousChannel"',
  }),

  /** The new message is out: a new code, a new lifetime, the same count of wrong codes. */
  finishResend: change({
    set: `provider_request_id = $3, send_until = NULL, check_token = NULL, check_until = NULL,
          check_in_doubt = false, provider_verdict = NULL,
          expires_at = clock_timestamp() + ${seconds('$4')}, resend_available_at = clock_timestamp() + ${seconds('$5')}`,
    where: `r.id = $1 AND r.check_token = $2 AND ${from('resent')}`,
    entry: { ...IN_PENDING, type: `'resent'`, actor: '$6::text', providerStatus: '$7::text' },
    also: COUNT_LOST_CODES,
  }),

  /**
   * No message went out, or nobody knows ($3). Known: the message is given back and the old code still stands.
   * Unknown: it stays counted, and checks wait until a further resend has found out. $4: wait before that.
   * $5: the channel of the message that still counts.
   */
  abandonResend: change({
    set: `sends = r.sends - CASE WHEN $3 THEN 0 ELSE 1 END, channel = CASE WHEN $3 THEN r.channel ELSE $5 END,
          check_token = NULL, check_until = NULL, send_until = CASE WHEN $3 THEN clock_timestamp() END,
          resend_available_at = clock_timestamp() + ${seconds('$4')}`,
    where: `r.id = $1 AND r.check_token = $2 AND ${from('resent')}`,
    entry: {
      ...IN_PENDING,
      type: `CASE WHEN $3 THEN 'resend-unknown' ELSE 'resend-rejected' END`,
      actor: '$6::text',
      providerStatus: '$7::text',
    },
    also: COUNT_LOST_CODES,
  }),
} as const;
