import { rowsIn } from '../../database/sql.js';
import type { VerificationEvent } from '../domain/verification-event.js';
import type { JournalBatch } from './journal-reader.js';

/** The events of a batch, in order within each request. Some of them may come again in the next batch. */
export const eventsOf = ({ sql, after, until }: JournalBatch): Promise<VerificationEvent[]> =>
  rowsIn<VerificationEvent>(sql, EVENTS_BETWEEN, [after, until]);

/** The columns of a {@link VerificationEvent}, of event `e` and its request `r`. */
export const EVENT = `
  e.request_id AS "requestId", e.number, e.at, e.type, e.from_status AS "from", e.to_status AS "to", e.reason,
  e.actor, e.provider_status AS "providerStatus", e.price, e.currency, r.purpose, r.user_id AS "userId"`;

/**
 * The events of a batch. A transaction may take its id, then wait for another one of the same request and a higher id to
 * write the event before its own: `earlier` has those, so that no event comes before its predecessor.
 */
const EVENTS_BETWEEN = `
  WITH batch AS (
    SELECT * FROM otp_verification_events WHERE xid > $1::bigint AND xid <= $2::bigint),
  earlier AS (
    SELECT e.*
      FROM (SELECT request_id, max(number) AS number FROM batch GROUP BY request_id) AS last
      JOIN otp_verification_events e ON e.request_id = last.request_id AND e.number < last.number
     WHERE e.xid > $2::bigint)
  SELECT ${EVENT}
    FROM (TABLE batch UNION ALL TABLE earlier) AS e
    JOIN otp_verification_requests r ON r.id = e.request_id
   ORDER BY e.request_id, e.number`;
