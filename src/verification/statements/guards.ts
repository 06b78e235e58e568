import { isLive } from './fragments.js';

/** Neither waiting nor locked. */
const isOpen = (guard: string) =>
  `${guard}.locked_at IS NULL AND (${guard}.wait_until IS NULL OR ${guard}.wait_until <= clock_timestamp())`;

/** A guard of this number or this user tells to wait. Expressions of the number, whom it is confirmed for, and the user. */
export const mustWait = (phone: string, confirmedFor: string, user: string) => `(
  EXISTS (SELECT 1 FROM number_slots g
           WHERE g.phone_fingerprint = ${phone} AND g.confirmed_for = ${confirmedFor} AND NOT (${isOpen('g')}))
  OR ${user} IS NOT NULL AND EXISTS (
      SELECT 1 FROM user_wrong_codes u
       WHERE u.user_id = ${user} AND u.confirmed = (${confirmedFor} <> '') AND NOT (${isOpen('u')})))`;

/** The parameters that hold a {@link WrongCodeLimits}, from `$first` on. */
export const limitsFrom = (first: number) => ({
  beforeWait: `$${first}::int`,
  wait: `$${first + 1}::float8`,
  maxWait: `$${first + 2}::float8`,
  beforeLock: `$${first + 3}::int`,
});
type Limits = ReturnType<typeof limitsFrom>;

export const waitAfter = (count: string, limits: Limits) => `
  CASE WHEN ${count} >= ${limits.beforeWait} THEN clock_timestamp() + make_interval(secs =>
    least(${limits.wait} * power(2, least(${count} - ${limits.beforeWait}, 20)), ${limits.maxWait})) END`;

export const lockAfter = (count: string, limits: Limits, already: string) =>
  `CASE WHEN ${count} >= ${limits.beforeLock} THEN coalesce(${already}, clock_timestamp()) ELSE ${already} END`;

/** A CTE after `changed`: the guard of a number whose request is over names nobody any more. */
export const freeGuard = `
  freed AS (
    UPDATE number_slots g SET live_request_id = NULL, live_until = NULL
      FROM changed r
     WHERE NOT (${isLive('r')})
       AND g.phone_fingerprint = r.phone_fingerprint AND g.confirmed_for = r.confirmed_for AND g.live_request_id = r.id
    RETURNING 1)`;

/** A CTE after `changed`: the number is held as long as the request lives, not longer. */
export const holdAsLong = `
  held AS (
    UPDATE number_slots g SET live_until = r.expires_at
      FROM changed r
     WHERE g.phone_fingerprint = r.phone_fingerprint AND g.confirmed_for = r.confirmed_for AND g.live_request_id = r.id)`;

/**
 * The code that a late verdict belongs to, once the check that is claimed is in doubt too. A verdict does not say which
 * code was right, so after two different codes it belongs to nobody: the empty fingerprint matches none.
 */
const DOUBT_AND_CLAIM = `
  CASE WHEN r.doubt_fingerprint IS NULL OR r.doubt_fingerprint = r.claim_fingerprint THEN r.claim_fingerprint ELSE ''::bytea END`;

/** {@link DOUBT_AND_CLAIM}, if a check is claimed and its process has died. */
export const DOUBT_AFTER_LAPSE = `
  CASE WHEN r.lease_token IS NULL OR r.claim_fingerprint IS NULL THEN r.doubt_fingerprint ELSE ${DOUBT_AND_CLAIM} END`;

/** Whom a late verdict belongs to after a check. @param about a text parameter: `this-check`, `earlier-check` or null */
export const doubtAbout = (about: string) =>
  `CASE ${about} WHEN 'this-check' THEN ${DOUBT_AND_CLAIM} WHEN 'earlier-check' THEN r.doubt_fingerprint END`;

/** No verdict can make a success of the request any more. */
export const NO_DOUBT = 'claim_fingerprint = NULL, doubt_fingerprint = NULL';

/** A check or a resend is under way, or was when its process died: so many codes may have been wrong. */
export const UNCOUNTED = 'CASE WHEN r.lease_token IS NULL THEN 0 ELSE r.unsettled_codes END';

/** Wrong codes that the starter of the request does not count by itself. */
const countedHere = (wrong: string) => `(CASE WHEN r.counted_by_caller THEN 0 ELSE ${wrong} END)`;

/**
 * A CTE after `changed`: frees the number if the request is over, else holds it as long as that lives; and counts
 * `wrong` codes against it. A right code ends the count. The guard of the number comes before that of the user,
 * everywhere.
 * @param typed how many codes were wrong: an expression on the changed row `r`
 * @param freeFrom when the number of a request that is over is free: at once unless told
 */
export const countCodes = (typed: string, limits: Limits, freeFrom = 'NULL') => {
  const wrong = countedHere(typed);
  const phone = `(g.wrong_codes + ${wrong})`;
  const isRight = `r.status = 'VERIFIED'`;
  const itsOwn = 'g.live_request_id = r.id';
  const isOver = `NOT (${isLive('r')})`;
  return `
  guarded AS (
    UPDATE number_slots g
       SET live_request_id = CASE WHEN ${itsOwn} AND ${isOver} THEN NULL ELSE g.live_request_id END,
           live_until = CASE WHEN ${itsOwn} THEN CASE WHEN ${isOver} THEN ${freeFrom} ELSE r.expires_at END ELSE g.live_until END,
           wrong_codes = CASE WHEN ${isRight} THEN 0 ELSE ${phone} END,
           wait_until = CASE WHEN ${isRight} THEN NULL WHEN ${wrong} > 0 THEN ${waitAfter(phone, limits)} ELSE g.wait_until END,
           locked_at = CASE WHEN ${isRight} THEN g.locked_at ELSE ${lockAfter(phone, limits, 'g.locked_at')} END
      FROM changed r
     WHERE g.phone_fingerprint = r.phone_fingerprint AND g.confirmed_for = r.confirmed_for
       AND (${isOver} OR ${wrong} > 0 OR ${itsOwn} AND g.live_until <> r.expires_at)
    RETURNING 1)`;
};

/** CTEs after those of {@link countCodes}: the same for the user, for requests that have one. */
export const countCodesOfUser = (typed: string, limits: Limits) => {
  const wrong = countedHere(typed);
  const user = `(u.wrong_codes + excluded.wrong_codes)`;
  const isRight = `r.status = 'VERIFIED'`;
  return `
  user_counted AS (
    INSERT INTO user_wrong_codes AS u (user_id, confirmed, wrong_codes, wait_until, locked_at)
    SELECT r.user_id, r.confirmed_for <> '', ${wrong}, ${waitAfter(wrong, limits)}, ${lockAfter(wrong, limits, 'NULL')}
      FROM changed r
     WHERE r.user_id IS NOT NULL AND ${wrong} > 0 AND (SELECT count(*) FROM guarded) >= 0
    ON CONFLICT (user_id, confirmed) DO UPDATE
      SET wrong_codes = ${user}, wait_until = ${waitAfter(user, limits)}, locked_at = ${lockAfter(user, limits, 'u.locked_at')}
    RETURNING 1),
  user_right AS (
    UPDATE user_wrong_codes u SET wrong_codes = 0, wait_until = NULL
      FROM changed r
     WHERE ${isRight} AND u.user_id = r.user_id AND u.confirmed = (r.confirmed_for <> '') AND u.wrong_codes > 0
       AND (SELECT count(*) FROM guarded) >= 0)`;
};
