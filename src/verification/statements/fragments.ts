import { LIVE_STATUSES, type LifecycleEvent, sourcesOf } from '../domain/lifecycle.js';

const list = (statuses: readonly string[]) => statuses.map((status) => `'${status}'`).join(', ');

/** The row `r` is in a status that the event may leave from. */
export const from = (event: LifecycleEvent) => `r.status IN (${list(sourcesOf(event))})`;
export const isLive = (row: string) => `${row}.status IN (${list(LIVE_STATUSES)})`;
export const seconds = (parameter: string) => `make_interval(secs => ${parameter})`;
export const inTime = 'r.expires_at > clock_timestamp()';
/** Lets the BRIN index find the newest rows: `clock_timestamp()` is volatile, so no index could be used with it. */
export const createdWithin = (parameter: string) => `r.created_at > now() - ${seconds(parameter)}`;
export const notBusy = '(r.lease_until IS NULL OR r.lease_until <= clock_timestamp())';
/** The caller (by any of its fingerprints) may use the request: it started it, or nobody in particular did. */
export const boundTo = (parameter: string) =>
  `(NOT r.caller_bound OR r.caller_fingerprint = ANY(${parameter}::bytea[]))`;

/** The caller (by any of its fingerprints) is the session or device that asked, or the request answers to no single one. */
export const provenBy = (parameter: string) =>
  `(r.prover_fingerprint IS NULL OR r.prover_fingerprint = ANY(${parameter}::bytea[]))`;

/** What a statement returns: the row `r`, and the moment it was read at. */
export const COLUMNS = `
  r.id, r.purpose, r.status, r.reason, r.channel, r.locale, r.provider, r.attempts, r.sends,
  r.phone_number AS "phoneNumber", r.phone_country AS "phoneCountry", r.phone_last_digits AS "phoneLastDigits",
  r.confirmed_for AS "confirmedFor", r.user_id AS "userId", r.caller_fingerprint AS "callerFingerprint", r.caller_bound AS "callerBound",
  r.prover_fingerprint AS "proverFingerprint", r.context,
  r.code_length AS "codeLength", r.max_attempts AS "maxAttempts", r.provider_request_id AS "providerRequestId",
  r.send_lease_until AS "sendLeaseUntil", r.lease_until AS "leaseUntil", r.lease_token IS NOT NULL AS "checkClaimed",
  r.check_in_doubt AS "checkInDoubt", r.provider_verdict AS "providerVerdict",
  r.resend_available_at AS "resendAvailableAt",
  r.created_at AS "createdAt", r.expires_at AS "expiresAt", r.verified_at AS "verifiedAt",
  r.events, clock_timestamp() AS "readAt"`;

/** SQL expressions for one row of the journal; each may use parameters, literals, and what the statement calls `b`. */
export interface JournalEntry {
  type: string;
  from: string;
  to: string;
  reason?: string;
  actor: string;
  providerStatus?: string;
  price?: string;
  currency?: string;
  /** Of the message that it is about. */
  providerRequestId?: string;
}

const inOrder = ({ type, from: left, to, actor, ...more }: JournalEntry) =>
  [
    type,
    left,
    to,
    more.reason ?? 'NULL',
    actor,
    more.providerStatus ?? 'NULL',
    more.price ?? 'NULL',
    more.currency ?? 'NULL',
    more.providerRequestId ?? 'NULL',
  ].join(', ');

/** A CTE after one named `changed`: its event in the journal. */
export const journal = (entry: JournalEntry) => `
  event AS (
    INSERT INTO verification_events
      (request_id, number, at, type, from_status, to_status, reason, actor, provider_status, price, currency,
       provider_request_id)
    SELECT r.id, r.events, now(), ${inOrder(entry)} FROM changed r${entry.from.startsWith('b.') ? ' JOIN b ON b.id = r.id' : ''})`;

export interface Change {
  /** CTEs that come first; one named `b` has the row as it was. */
  before?: string;
  set: string;
  /** Further tables of the UPDATE. */
  using?: string;
  where: string;
  entry: JournalEntry;
  /** CTEs that follow from the changed row `r` of `changed`. */
  also?: string[];
  /** More columns. */
  returning?: string;
  /** What the rows come from, besides the changed one: a CTE named `a` that says what became of it when there is none. */
  evenWithout?: string;
}

/** One compare-and-set on one request, with its event, in one statement. */
export function change({
  before,
  set,
  using,
  where,
  entry,
  also = [],
  returning,
  evenWithout,
}: Change): string {
  return `
  WITH ${before ? `${before},` : ''}
  changed AS (
    UPDATE verification_requests r
       SET ${set},
           events = r.events + 1
    ${using ? `FROM ${using}` : ''}
     WHERE ${where}
    RETURNING r.*),
  ${[journal(entry), ...also].join(',\n')}
  SELECT ${COLUMNS}${returning ? `, ${returning}` : ''}
    FROM ${evenWithout ? `${evenWithout} a LEFT JOIN changed r ON true` : 'changed r'}${returning?.includes('b.') ? `${evenWithout ? ' LEFT' : ''} JOIN b ON b.id = r.id` : ''}`;
}
