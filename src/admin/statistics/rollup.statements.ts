import { BARS, BOUNDS } from './histogram.js';

const bars = Array.from({ length: BARS }, (_, bar) => bar);
const BUCKET = `width_bucket(extract(epoch FROM r.verified_at - r.created_at), ARRAY[${BOUNDS.join(', ')}]::numeric[])`;

/** Requests that were begun within the hours $1. */
export const ROLL_UP_HOURS = `
  INSERT INTO verification_rollups
    (grain, at, country, channel, currency, started, messages, undelivered, verified, cost, seconds)
  SELECT 'hour', h.at, r.phone_country, r.channel, coalesce(r.currency, ''), count(*),
         coalesce(sum(r.sends) FILTER (WHERE r.provider_request_id IS NOT NULL), 0),
         count(*) FILTER (WHERE r.provider_request_id IS NOT NULL AND r.reason = 'fraud-blocked'),
         count(*) FILTER (WHERE r.status = 'VERIFIED'), coalesce(sum(r.price), 0),
         ARRAY[${bars
           .map((bar) => `count(*) FILTER (WHERE r.status = 'VERIFIED' AND ${BUCKET} = ${bar})`)
           .join(', ')}]::int[]
    FROM unnest($1::timestamptz[]) AS h(at)
    JOIN verification_requests r ON r.created_at >= h.at AND r.created_at < h.at + interval '1 hour'
   GROUP BY h.at, r.phone_country, r.channel, coalesce(r.currency, '')`;

/** What the provider said within the hours $1. */
export const ROLL_UP_STATUSES = `
  INSERT INTO provider_status_rollups (grain, at, type, provider_status, count)
  SELECT 'hour', h.at, e.type, e.provider_status, count(*)
    FROM unnest($1::timestamptz[]) AS h(at)
    JOIN verification_events e
      ON e.at >= h.at AND e.at < h.at + interval '1 hour' AND e.provider_status IS NOT NULL
   GROUP BY h.at, e.type, e.provider_status`;

/** The days $1 from their hours. */
export const ROLL_UP_DAYS = `
  INSERT INTO verification_rollups
    (grain, at, country, channel, currency, started, messages, undelivered, verified, cost, seconds)
  SELECT 'day', d.at, country, channel, currency, sum(started), sum(messages), sum(undelivered), sum(verified),
         sum(cost), ARRAY[${bars.map((bar) => `sum(seconds[${bar + 1}])`).join(', ')}]::int[]
    FROM unnest($1::timestamptz[]) AS d(at)
    JOIN verification_rollups r ON r.grain = 'hour' AND r.at >= d.at AND r.at < d.at + interval '1 day'
   GROUP BY d.at, country, channel, currency`;

export const ROLL_UP_STATUSES_OF_DAYS = `
  INSERT INTO provider_status_rollups (grain, at, type, provider_status, count)
  SELECT 'day', d.at, type, provider_status, sum(count)
    FROM unnest($1::timestamptz[]) AS d(at)
    JOIN provider_status_rollups r ON r.grain = 'hour' AND r.at >= d.at AND r.at < d.at + interval '1 day'
   GROUP BY d.at, type, provider_status`;

export const FORGET = (table: 'verification_rollups' | 'provider_status_rollups') =>
  `DELETE FROM ${table} WHERE grain = $1 AND at = ANY($2::timestamptz[])`;

const HOUR_OF = (column: string) => `date_trunc('hour', ${column}, 'UTC')`;

/** Hours whose requests, or whose provider's words, have changed since $1. */
export const CHANGED_HOURS = `
  SELECT DISTINCT ${HOUR_OF('r.created_at')} AS hour
    FROM verification_events e JOIN verification_requests r ON r.id = e.request_id WHERE e.at >= $1
  UNION SELECT DISTINCT ${HOUR_OF('e.at')} FROM verification_events e WHERE e.at >= $1`;

/** How far the rollups have come. Whoever holds this row rolls up; $1: skip if somebody else does. */
export const STATE = (skip: boolean) => `
  SELECT built_until AS "builtUntil", events_until AS "eventsUntil", frozen_before AS "frozenBefore",
         clock_timestamp() AS now, ${HOUR_OF('clock_timestamp()')} AS "thisHour"
    FROM rollup_state WHERE id = 1 FOR UPDATE ${skip ? 'SKIP LOCKED' : ''}`;

/** The hour in which everything began: ids are made in order of time. */
export const FIRST_HOUR = `
  SELECT ${HOUR_OF('created_at')} AS hour FROM verification_requests ORDER BY id LIMIT 1`;

export const SAVE_STATE = `
  UPDATE rollup_state SET built_until = $1, events_until = $2 WHERE id = 1`;
