import { seconds } from './fragments.js';

/** The journal's way to those who want to hear of it, and the proof that nobody has altered it. */
export const JOURNAL_STATEMENTS = {
  /** Takes up to $2 events for announcing; they are somebody else's after $1 seconds. */
  takeOutbox: `
    WITH taken AS (
      UPDATE verification_outbox o SET taken_until = clock_timestamp() + ${seconds('$1')}
       WHERE (o.request_id, o.number) IN (
         SELECT request_id, number FROM verification_outbox
          WHERE taken_until IS NULL OR taken_until <= clock_timestamp()
          ORDER BY request_id, number FOR UPDATE SKIP LOCKED LIMIT $2)
      RETURNING o.request_id, o.number)
    SELECT e.request_id AS "requestId", e.number, e.at, e.type, e.from_status AS "from", e.to_status AS "to", e.reason,
           e.actor, e.provider_status AS "providerStatus", e.price, e.currency, r.purpose, r.user_id AS "userId"
      FROM taken t
      JOIN verification_events e ON e.request_id = t.request_id AND e.number = t.number
      JOIN verification_requests r ON r.id = t.request_id
     ORDER BY e.request_id, e.number`,

  clearOutbox: `
    DELETE FROM verification_outbox o
     USING unnest($1::uuid[], $2::smallint[]) AS done(request_id, number)
     WHERE o.request_id = done.request_id AND o.number = done.number`,
} as const;
