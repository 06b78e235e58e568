import { ADMISSION, GIVE_BACK, GIVEN_BACK } from './decision.statements.js';
import { boundTo, change, from, inTime, notBusy, seconds } from './fragments.js';
import {
  countCodes,
  countCodesOfUser,
  DOUBT_AFTER_LAPSE,
  limitsFrom,
  mustWait,
  NO_DOUBT,
  UNCOUNTED,
} from './guards.js';

const IN_PENDING = { from: `'PENDING'`, to: `'PENDING'` };

/** Of a check that died with its process before the resend: its code may have been wrong. */
const COUNT_LOST_CODES = [
  countCodes('r.unsettled_codes', limitsFrom(8)),
  countCodesOfUser('r.unsettled_codes', limitsFrom(8)),
];

const COUNTED = '(SELECT count(*) FROM guarded) >= 0 AND (SELECT count(*) FROM user_counted) >= 0';

/** Further messages of the same request. */
export const RESEND_STATEMENTS = {
  /**
   * Counts one more message (unless the last one was lost) and takes the request for it, if the rules $8 admit it; 0 rows
   * when it is not in a state for it. One row without a request: the rule that refused. The decision $9 is recorded.
   */
  claimResend: change({
    before: `b AS (
      SELECT r.id, r.channel, r.send_lease_until IS NOT NULL AS lost FROM verification_requests r
       WHERE r.id = $1 AND r.purpose = $5 AND ${from('resent')} AND ${inTime} AND r.attempts < r.max_attempts
         AND (r.sends < $6 OR r.send_lease_until IS NOT NULL) AND r.resend_available_at <= clock_timestamp()
         AND ${notBusy} AND ${boundTo('$3')}
         AND NOT ${mustWait('r.phone_fingerprint', 'r.confirmed_for', 'r.user_id')} FOR UPDATE),
    admitted AS MATERIALIZED (
      SELECT CASE WHEN w.refused_by IS NULL THEN 'allowed' ELSE 'refused' END AS outcome, w.*
        FROM b, weigh_rules(CASE WHEN b.lost THEN '[]'::jsonb ELSE $8::jsonb END, true) w)`,
    set: `sends = r.sends + CASE WHEN b.lost THEN 0 ELSE 1 END, channel = coalesce($7, r.channel), lease_token = $2,
          unsettled_codes = ${UNCOUNTED}, doubt_fingerprint = ${DOUBT_AFTER_LAPSE}, claim_fingerprint = NULL,
          lease_until = clock_timestamp() + ${seconds('$4')}, send_lease_until = clock_timestamp() + ${seconds('$4')}`,
    using: 'b, admitted',
    where: `r.id = b.id AND admitted.outcome = 'allowed'`,
    entry: { ...IN_PENDING, type: `'resend-claimed'`, actor: `'caller'` },
    also: [
      `decision AS (
        INSERT INTO decisions (id, at, action, outcome, rule, request_id, rules)
        SELECT $9::uuid, a.moment, 'resend', a.outcome, a.refused_by, $1, a.weighed FROM admitted a)`,
    ],
    returning: `${ADMISSION}, b.lost AS "earlierSendLost", b.channel AS "previousChannel"`,
    evenWithout: 'admitted',
  }),

  /** The new message is out: a new code, a new lifetime, the same count of wrong codes. */
  finishResend: change({
    set: `provider_request_id = $3, send_lease_until = NULL, lease_token = NULL, lease_until = NULL,
          check_in_doubt = false, provider_verdict = NULL, ${NO_DOUBT},
          expires_at = clock_timestamp() + ${seconds('$4')}, resend_available_at = clock_timestamp() + ${seconds('$5')}`,
    where: `r.id = $1 AND r.lease_token = $2 AND ${from('resent')}`,
    entry: {
      ...IN_PENDING,
      type: `'resent'`,
      actor: '$6::text',
      providerStatus: '$7::text',
      providerRequestId: '$3::text',
    },
    also: COUNT_LOST_CODES,
  }),

  /**
   * No message went out, or nobody knows ($3). Known: the message is given back and the old code still stands.
   * Unknown: it stays counted, and checks wait until a further resend has found out. $4: wait before that.
   * $5: the channel of the message that still counts. $12: the scopes that get back what the message took.
   */
  abandonResend: change({
    set: `sends = r.sends - CASE WHEN $3 THEN 0 ELSE 1 END, channel = CASE WHEN $3 THEN r.channel ELSE $5 END,
          lease_token = NULL, lease_until = NULL, send_lease_until = CASE WHEN $3 THEN clock_timestamp() END,
          resend_available_at = clock_timestamp() + ${seconds('$4')}`,
    where: `r.id = $1 AND r.lease_token = $2 AND ${from('resent')}`,
    entry: {
      ...IN_PENDING,
      type: `CASE WHEN $3 THEN 'resend-unknown' ELSE 'resend-rejected' END`,
      actor: '$6::text',
      providerStatus: '$7::text',
    },
    also: [...COUNT_LOST_CODES, GIVE_BACK('$12', COUNTED)],
    returning: GIVEN_BACK,
  }),
} as const;
