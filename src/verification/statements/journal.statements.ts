import { seconds } from './fragments.js';

const EVENT = `
  e.request_id AS "requestId", e.number, e.at, e.type, e.from_status AS "from", e.to_status AS "to", e.reason,
  e.actor, e.provider_status AS "providerStatus", e.price, e.currency, r.purpose, r.user_id AS "userId"`;

/** The journal's way to those who want to hear of it. */
export const JOURNAL_STATEMENTS = {
  /** The events with these requests and numbers. */
  findEvents: `
    SELECT ${EVENT}
      FROM unnest($1::uuid[], $2::smallint[]) AS own(request_id, number)
      JOIN verification_events e ON e.request_id = own.request_id AND e.number = own.number
      JOIN verification_requests r ON r.id = own.request_id
     ORDER BY e.at, e.request_id, e.number`,

  /** Up to $4 events of everybody since the moment $1, after the one with id $2 and number $3 at that moment. */
  findEventsSince: `
    SELECT ${EVENT}
      FROM verification_events e JOIN verification_requests r ON r.id = e.request_id
     WHERE e.at >= $1 AND (e.at, e.request_id, e.number) > ($1, $2::uuid, $3::smallint)
     ORDER BY e.at, e.request_id, e.number LIMIT $4`,

  /** Instance $1 lives, and has announced all of its own before $2 (null: before it came). Says what time it is. */
  announcerLives: `
    INSERT INTO event_announcers AS a (id, announced_until, seen_at)
    VALUES ($1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (id) DO UPDATE
      SET seen_at = clock_timestamp(), announced_until = coalesce($2::timestamptz, a.announced_until)
    RETURNING seen_at AS "at"`,

  /** Takes over one instance that has not been seen for $1 seconds. */
  claimDeadAnnouncer: `
    UPDATE event_announcers a SET seen_at = clock_timestamp()
     WHERE a.id = (SELECT id FROM event_announcers
                    WHERE seen_at < clock_timestamp() - ${seconds('$1')} AND id <> $2
                    ORDER BY seen_at FOR UPDATE SKIP LOCKED LIMIT 1)
    RETURNING a.id, a.announced_until AS "announcedUntil"`,

  announcerEnded: `DELETE FROM event_announcers WHERE id = $1`,
} as const;
