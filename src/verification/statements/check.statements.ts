import type { Actor } from '../domain/verification-event.js';
import { ALLOWED_CHECK } from './decision.statements.js';
import {
  boundTo,
  change,
  COLUMNS,
  createdWithin,
  from,
  inTime,
  isLive,
  notBusy,
  provenBy,
  seconds,
} from './fragments.js';
import {
  countCodes,
  countCodesOfUser,
  DOUBT_AFTER_LAPSE,
  doubtAbout,
  limitsFrom,
  mustWait,
  NO_DOUBT,
  UNCOUNTED,
} from './guards.js';

const FINISH_CHECK = {
  set: `status = $3::text, reason = $4::text, attempts = r.attempts - $5::int, lease_token = NULL, lease_until = NULL,
        check_in_doubt = $6, doubt_fingerprint = ${doubtAbout('$16::text')}, claim_fingerprint = NULL, send_lease_until = CASE WHEN $3::text = 'PENDING' THEN r.send_lease_until END,
        verified_at = CASE WHEN $3::text = 'VERIFIED' THEN clock_timestamp() END,
        ended_at = CASE WHEN $3::text <> 'PENDING' THEN clock_timestamp() END,
        price = coalesce($10::numeric + coalesce(r.price, 0), r.price), currency = coalesce($11::text, r.currency)`,
  where: `r.id = $1 AND r.lease_token = $2 AND ${from('matched')}`,
  entry: {
    type: '$7::text',
    from: `'PENDING'`,
    to: '$3::text',
    reason: '$4::text',
    actor: '$8::text',
    providerStatus: '$9::text',
    price: '$10::numeric',
    currency: '$11::text',
  },
};
/** Codes that the provider found wrong, or that nobody knows of. */
const NOT_RIGHT = `(CASE WHEN r.status = 'VERIFIED' THEN 0 ELSE r.unsettled_codes - $5::int END)`;

/** Ends the request $1 for the reason $2. A code whose check is under way counts as wrong: a cancel must not make it free. */
const cancelled = (may: string, actor: Actor) =>
  change({
    before: `b AS (SELECT r.id, r.status FROM verification_requests r WHERE r.id = $1 FOR UPDATE)`,
    set: `status = 'CANCELLED', reason = $2::text, ended_at = clock_timestamp(), ${NO_DOUBT}`,
    using: 'b',
    where: `r.id = b.id AND ${from('cancelled')} AND ${inTime} AND ${may}`,
    entry: {
      type: `'cancelled'`,
      from: 'b.status',
      to: `'CANCELLED'`,
      reason: '$2::text',
      actor: `'${actor}'`,
    },
    also: [countCodes(`(${UNCOUNTED})`, limitsFrom(3)), countCodesOfUser(`(${UNCOUNTED})`, limitsFrom(3))],
  });

/** Checks of typed codes, what becomes of them, and the end of a request. */
export const CHECK_STATEMENTS = {
  /**
   * Spends one attempt and takes the request for one check, or does nothing. $6: also when the answer of the check
   * before was lost (a provider that can be asked for it is asked first). $7: the id of the decision. $8: the fingerprint
   * of the code together with who submits it. $9: the fingerprints of who submits it. Hot: 3 of 4.
   */
  claimCheck: change({
    set: `attempts = r.attempts + 1, lease_token = $2, lease_until = clock_timestamp() + ${seconds('$4')},
          unsettled_codes = CASE WHEN r.lease_token IS NULL THEN 1 ELSE r.unsettled_codes + 1 END,
          doubt_fingerprint = ${DOUBT_AFTER_LAPSE}, claim_fingerprint = $8,
          check_in_doubt = r.check_in_doubt OR r.lease_token IS NOT NULL`,
    where: `r.id = $1 AND r.purpose = $5 AND ${from('matched')} AND ${inTime} AND r.attempts < r.max_attempts
        AND r.send_lease_until IS NULL AND ${notBusy} AND ${boundTo('$3')} AND ${provenBy('$9')}
        AND ($6 OR NOT r.check_in_doubt AND r.lease_token IS NULL)
        AND NOT ${mustWait('r.phone_fingerprint', 'r.confirmed_for', 'r.user_id')}`,
    entry: { type: `'check-claimed'`, from: `'PENDING'`, to: `'PENDING'`, actor: `'caller'` },
    also: [ALLOWED_CHECK],
  }),

  /**
   * Writes down what the provider said of that check: $3 is the new status, $4 the reason, $5 the attempt to give back
   * (1 when the provider did not judge), $6 whether its answer is still owed. Only the claim that still holds the token
   * may. Hot: 4 of 4.
   */
  finishCheck: change({ ...FINISH_CHECK, also: [countCodes(NOT_RIGHT, limitsFrom(12))] }),

  /** The same for a request that has a user. */
  finishCheckOfUser: change({
    ...FINISH_CHECK,
    also: [countCodes(NOT_RIGHT, limitsFrom(12)), countCodesOfUser(NOT_RIGHT, limitsFrom(12))],
  }),

  /**
   * Takes a request whose check's answer was lost (by its process too), to find out what became of it. $3: the provider
   * can be asked; otherwise only its webhook's verdict helps. $4: only this request. No attempt is spent and nothing is
   * decided yet, hence no event.
   */
  claimDoubt: `
    UPDATE verification_requests r
       SET lease_token = $1, lease_until = clock_timestamp() + ${seconds('$2')},
           check_in_doubt = r.check_in_doubt OR r.lease_token IS NOT NULL, unsettled_codes = ${UNCOUNTED},
           doubt_fingerprint = ${DOUBT_AFTER_LAPSE}, claim_fingerprint = NULL
     WHERE r.id = (SELECT r.id FROM verification_requests r
                    WHERE ${createdWithin('$5')} AND ${from('matched')} AND ${inTime}
                      AND r.send_lease_until IS NULL AND ${notBusy} AND ($4::uuid IS NULL OR r.id = $4::uuid)
                      AND ((r.check_in_doubt OR r.lease_token IS NOT NULL) AND ($3 OR r.provider_verdict IS NOT NULL)
                           OR r.provider_verdict <> 'verified')
                    ORDER BY r.lease_until NULLS FIRST FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING ${COLUMNS}`,

  /** Still nobody knows; asked again after $3 seconds. */
  keepDoubt: `
    UPDATE verification_requests r
       SET lease_token = NULL, lease_until = clock_timestamp() + ${seconds('$3')}
     WHERE r.id = $1 AND r.lease_token = $2 AND ${from('matched')}
    RETURNING ${COLUMNS}`,

  /**
   * A verdict came late and made the request VERIFIED: hands that success to whoever repeats the code it belongs to ($3,
   * under every key), once. Changes no status, hence no event.
   */
  acceptLateVerdict: `
    UPDATE verification_requests r SET doubt_fingerprint = NULL
     WHERE r.id = $1 AND r.purpose = $2 AND r.status = 'VERIFIED' AND ${inTime}
       AND r.doubt_fingerprint = ANY($3::bytea[]) AND ${boundTo('$4')} AND ${provenBy('$5')}
    RETURNING ${COLUMNS}`,

  cancel: cancelled(`r.purpose = $7 AND ${boundTo('$8')} AND ${provenBy('$9')}`, 'caller'),

  /** The same by an operator, whoever began it. */
  cancelByOperator: cancelled('true', 'operator'),

  /** The same because the factors of its user ($7) have changed. */
  cancelForUser: cancelled('r.user_id = $7', 'caller'),

  /** The live requests of a user. */
  findLiveOfUser: `
    SELECT r.id FROM verification_requests r
     WHERE r.user_id = $1 AND ${createdWithin('$2')} AND ${isLive('r')}
     ORDER BY r.created_at`,

  /** Why a claim was refused, as far as the guards are concerned. */
  findWait: `
    SELECT greatest(g.wait_until, u.wait_until) AS "waitUntil",
           g.locked_at IS NOT NULL OR u.locked_at IS NOT NULL AS locked, clock_timestamp() AS "readAt"
      FROM (SELECT $1::bytea AS phone, $2::text AS confirmed_for, $3::text AS user_id) k
      LEFT JOIN number_slots g ON g.phone_fingerprint = k.phone AND g.confirmed_for = k.confirmed_for
      LEFT JOIN user_wrong_codes u ON u.user_id = k.user_id AND u.confirmed = (k.confirmed_for <> '')`,

  findWaitOf: `
    SELECT greatest(g.wait_until, u.wait_until) AS "waitUntil",
           g.locked_at IS NOT NULL OR u.locked_at IS NOT NULL AS locked, clock_timestamp() AS "readAt"
      FROM verification_requests r
      LEFT JOIN number_slots g ON g.phone_fingerprint = r.phone_fingerprint AND g.confirmed_for = r.confirmed_for
      LEFT JOIN user_wrong_codes u ON u.user_id = r.user_id AND u.confirmed = (r.confirmed_for <> '')
     WHERE r.id = $1`,

  /** Forgets the wrong codes of a number, for whomever it is confirmed. */
  liftLock: `
    UPDATE number_slots SET wrong_codes = 0, wait_until = NULL, locked_at = NULL
     WHERE phone_fingerprint = ANY($1::bytea[]) AND (wrong_codes > 0 OR locked_at IS NOT NULL)
    RETURNING confirmed_for`,

  liftLockOfUser: `
    UPDATE user_wrong_codes SET wrong_codes = 0, wait_until = NULL, locked_at = NULL
     WHERE user_id = $1 AND (wrong_codes > 0 OR locked_at IS NOT NULL)
    RETURNING user_id`,
} as const;
