import { ADMISSION, GIVE_BACK, GIVEN_BACK } from './decision.statements.js';
import {
  change,
  createdWithin,
  COLUMNS,
  from,
  inTime,
  isLive,
  journal,
  type JournalEntry,
  notBusy,
  seconds,
} from './fragments.js';
import {
  countCodes,
  DOUBT_AFTER_LAPSE,
  freeGuard,
  holdAsLong,
  limitsFrom,
  NO_DOUBT,
  UNCOUNTED,
} from './guards.js';

const STARTED: JournalEntry = { type: `'started'`, from: 'NULL', to: `'SENDING'`, actor: `'caller'` };

/** The first message of a request, from being asked for to being out. */
export const SEND_STATEMENTS = {
  /**
   * Decides on a start and, if it is allowed, takes the number and everything that the rules count, and writes SENDING.
   * Always one row: `outcome` says what came of it, and without an allowed start the request's columns are null. The
   * decision is recorded in any case, but for one that is asked again at once. Hot: 1 of 4.
   */
  start: `
    WITH admitted AS MATERIALIZED (
      SELECT * FROM admit_start($5, $8, $9::text, $1, $15::float8, $20::bytea[], $2, $19::jsonb, true)),
    changed AS (
      INSERT INTO verification_requests AS r
        (id, purpose, channel, phone_number, phone_fingerprint, phone_country, phone_last_digits, confirmed_for, user_id,
         caller_fingerprint, caller_bound, locale, code_length, max_attempts, provider,
         prefix_fingerprint, caller_address, caller_agent, counted_by_caller, prover_fingerprint, context,
         status, created_at, expires_at, send_lease_until, events)
      SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $16, $21, $22, $23, $26, $27, $28::jsonb,
             'SENDING', a.moment, a.live_until, clock_timestamp() + ${seconds('$17')},
             1
        FROM admitted a WHERE a.outcome = 'allowed'
      RETURNING r.*),
    ${journal(STARTED)},
    decision AS (
      INSERT INTO decisions
        (id, at, action, outcome, rule, request_id, rules,
         phone_fingerprint, phone_country, phone_last_digits, purpose, user_fingerprint, address_fingerprint)
      SELECT $18, a.moment, 'start', a.outcome, a.refused_by, coalesce(r.id, a.live_request), a.weighed,
             ${['$5::bytea', '$6::text', '$7::text', '$2::text', '$24::bytea', '$25::bytea']
               .map((value) => `CASE WHEN a.outcome = 'refused' THEN ${value} END`)
               .join(', ')}
        FROM admitted a LEFT JOIN changed r ON true WHERE a.outcome <> 'replacing')
    SELECT ${COLUMNS}, ${ADMISSION} FROM admitted a LEFT JOIN changed r ON true`,

  /** What {@link start} would decide now, taking nothing and recording nothing. */
  simulateStart: `
    SELECT ${ADMISSION}, a.weighed AS rules
      FROM admit_start($1, $2, $3::text, NULL, 0, $4::bytea[], $5, $6::jsonb, false) a`,

  /** The message is out. Whoever answers first decides: 0 rows means somebody did. Hot: 2 of 4. */
  sent: change({
    set: `status = 'PENDING', provider_request_id = $2, send_lease_until = NULL,
          resend_available_at = clock_timestamp() + ${seconds('$3')}`,
    where: `r.id = $1 AND ${from('sent')}`,
    entry: {
      type: `'sent'`,
      from: `'SENDING'`,
      to: `'PENDING'`,
      actor: '$4::text',
      providerStatus: `'started'`,
      providerRequestId: '$2::text',
    },
  }),

  /** Takes over a send whose answer never came, once its time is up. */
  claimSend: change({
    set: `send_lease_until = clock_timestamp() + ${seconds('$2')}`,
    where: `r.id = $1 AND ${from('sent')} AND r.send_lease_until <= clock_timestamp() AND ${inTime}`,
    entry: { type: `'send-retried'`, from: `'SENDING'`, to: `'SENDING'`, actor: `'caller'` },
  }),

  /**
   * Takes over the oldest first message whose answer never came, of whatever request. Instances that look at the same
   * moment get different ones. The BRIN index on created_at keeps the search to the newest rows.
   */
  claimLostSend: change({
    set: `send_lease_until = clock_timestamp() + ${seconds('$1')}`,
    where: `r.id = (SELECT r.id FROM verification_requests r
                     WHERE ${createdWithin('$2')} AND ${from('sent')}
                       AND r.send_lease_until <= clock_timestamp() AND ${inTime}
                     ORDER BY r.send_lease_until FOR UPDATE SKIP LOCKED LIMIT 1)`,
    entry: { type: `'send-retried'`, from: `'SENDING'`, to: `'SENDING'`, actor: `'reconciler'` },
  }),

  /** Nobody knows whether the message went out: from now on whoever comes first may find out. */
  sendUnknown: change({
    set: `send_lease_until = clock_timestamp()`,
    where: `r.id = $1 AND ${from('sent')}`,
    entry: {
      type: `'send-unknown'`,
      from: `'SENDING'`,
      to: `'SENDING'`,
      actor: '$2::text',
      providerStatus: '$3::text',
    },
  }),

  /**
   * Attaches to a request that the provider says is in flight for this number ($2), when our own rows explain it: an
   * earlier request of the same purpose and user has that id, or a send of ours was lost ($3: this request's own).
   * Wrong codes already spent on it stay spent, and it does not live longer than its code.
   */
  adopt: change({
    before: `earlier AS (
      SELECT max(o.attempts) FILTER (WHERE o.provider_request_id = $2) AS attempts,
             min(o.expires_at) FILTER (WHERE o.provider_request_id = $2) AS expires_at,
             bool_or(o.provider_request_id = $2) AS known,
             bool_or(o.send_lease_until IS NOT NULL) AS lost
        FROM verification_requests o, verification_requests self
       WHERE self.id = $1 AND o.phone_fingerprint = self.phone_fingerprint AND o.id <> self.id
         AND o.purpose = self.purpose AND o.user_id IS NOT DISTINCT FROM self.user_id
         AND o.created_at > now() - interval '1 hour')`,
    set: `status = 'PENDING', provider_request_id = $2, send_lease_until = NULL,
          attempts = greatest(r.attempts, coalesce(e.attempts, 0)),
          expires_at = least(r.expires_at, coalesce(e.expires_at, r.expires_at)),
          resend_available_at = clock_timestamp() + ${seconds('$4')}`,
    using: 'earlier e',
    where: `r.id = $1 AND ${from('sent')} AND ($3 OR e.known OR e.lost)
        AND coalesce(e.attempts, 0) < r.max_attempts AND coalesce(e.expires_at, r.expires_at) > clock_timestamp()`,
    entry: {
      type: `'adopted'`,
      from: `'SENDING'`,
      to: `'PENDING'`,
      actor: '$5::text',
      providerStatus: `'already-pending'`,
      providerRequestId: '$2::text',
    },
    also: [holdAsLong],
  }),

  /**
   * What the provider has in flight ($2) in the way of a confirmed factor's request $1: a stranger's to the same number,
   * or one of the same user that is over here.
   */
  findInTheWay: `
    SELECT ${COLUMNS}
      FROM verification_requests r JOIN verification_requests self ON self.id = $1
     WHERE self.confirmed_for <> '' AND r.phone_fingerprint = self.phone_fingerprint AND r.id <> self.id
       AND (r.confirmed_for = '' OR r.confirmed_for = self.confirmed_for AND NOT (${isLive('r')}))
       AND r.provider_request_id = $2 AND r.created_at > now() - interval '1 hour'
     ORDER BY r.created_at DESC LIMIT 1`,

  /** Ends a stranger's request for the sake of the owner's, and lets nobody begin another one for a minute. */
  supersede: change({
    before: `b AS (SELECT r.id, r.status FROM verification_requests r WHERE r.id = $1 FOR UPDATE)`,
    set: `status = 'CANCELLED', reason = 'superseded', ended_at = clock_timestamp(), ${NO_DOUBT}`,
    using: 'b',
    where: `r.id = b.id AND r.confirmed_for = '' AND ${from('cancelled')}`,
    entry: {
      type: `'cancelled'`,
      from: 'b.status',
      to: `'CANCELLED'`,
      reason: `'superseded'`,
      actor: `'caller'`,
    },
    also: [countCodes(`(${UNCOUNTED})`, limitsFrom(2), `clock_timestamp() + interval '1 minute'`)],
  }),

  /** Ends a request that could not be sent; $2 is the reason and the event, $5 the scopes that get back what it took. */
  failSend: change({
    set: `status = 'FAILED', reason = $2::text, send_lease_until = NULL, ended_at = clock_timestamp()`,
    where: `r.id = $1 AND ${from('send-rejected')} AND r.status = 'SENDING'`,
    entry: {
      type: '$2::text',
      from: `'SENDING'`,
      to: `'FAILED'`,
      reason: '$2::text',
      actor: '$3::text',
      providerStatus: '$4::text',
    },
    also: [freeGuard, GIVE_BACK('$5', '(SELECT count(*) FROM freed) >= 0')],
    returning: GIVEN_BACK,
  }),

  /** Takes the request for a further message, whose answer never came; $2 names the claim. */
  claimLostResend: change({
    before: `b AS (
      SELECT r.id, r.status FROM verification_requests r
       WHERE ${createdWithin('$3')} AND ${from('resent')}
         AND r.send_lease_until <= clock_timestamp() AND ${inTime} AND ${notBusy}
       ORDER BY r.send_lease_until FOR UPDATE SKIP LOCKED LIMIT 1)`,
    set: `unsettled_codes = ${UNCOUNTED}, doubt_fingerprint = ${DOUBT_AFTER_LAPSE}, claim_fingerprint = NULL, lease_token = $2, lease_until = clock_timestamp() + ${seconds('$1')}, send_lease_until = clock_timestamp() + ${seconds('$1')}`,
    using: 'b',
    where: 'r.id = b.id',
    entry: { type: `'send-retried'`, from: `'PENDING'`, to: `'PENDING'`, actor: `'reconciler'` },
    returning: 'true AS "earlierSendLost", r.channel AS "previousChannel"',
  }),
} as const;
