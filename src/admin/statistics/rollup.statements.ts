import { BARS, BOUNDS } from './histogram.js';

const bars = Array.from({ length: BARS }, (_, bar) => bar);
const BUCKET = `width_bucket(extract(epoch FROM r.verified_at - r.created_at), ARRAY[${BOUNDS.join(', ')}]::numeric[])`;

const HOUR_OF = (column: string) => `date_trunc('hour', ${column}, 'UTC')`;
const DAY_OF = (column: string) => `date_trunc('day', ${column}, 'UTC')`;
/** Hours and days are counted as ranges with known ends: joined to a list of them, Postgres reads every row for each. */
const WITHIN = (column: string) => `${column} >= $1::timestamptz AND ${column} < $2::timestamptz`;

/** Requests that were begun within the hours from $1 to $2. */
export const ROLL_UP_HOURS = `
  INSERT INTO otp_verification_rollups
    (grain, at, country, channel, currency, started, messages, undelivered, verified, cost, seconds)
  SELECT 'hour', ${HOUR_OF('r.created_at')}, r.phone_country, r.channel, coalesce(r.currency, ''), count(*),
         coalesce(sum(r.sends) FILTER (WHERE r.provider_request_id IS NOT NULL), 0),
         count(*) FILTER (WHERE r.provider_request_id IS NOT NULL AND r.reason = 'fraud-blocked'),
         count(*) FILTER (WHERE r.status = 'VERIFIED'), coalesce(sum(r.price), 0),
         ARRAY[${bars
           .map((bar) => `count(*) FILTER (WHERE r.status = 'VERIFIED' AND ${BUCKET} = ${bar})`)
           .join(', ')}]::int[]
    FROM otp_verification_requests r WHERE ${WITHIN('r.created_at')}
   GROUP BY 2, 3, 4, 5`;

/** What the provider said within the hours from $1 to $2. */
export const ROLL_UP_STATUSES = `
  INSERT INTO otp_provider_status_rollups (grain, at, type, provider_status, count)
  SELECT 'hour', ${HOUR_OF('e.at')}, e.type, e.provider_status, count(*)
    FROM otp_verification_events e WHERE ${WITHIN('e.at')} AND e.provider_status IS NOT NULL
   GROUP BY 2, 3, 4`;

/** The days from $1 to $2 from their hours. */
export const ROLL_UP_DAYS = `
  INSERT INTO otp_verification_rollups
    (grain, at, country, channel, currency, started, messages, undelivered, verified, cost, seconds)
  SELECT 'day', ${DAY_OF('r.at')}, country, channel, currency, sum(started), sum(messages), sum(undelivered), sum(verified),
         sum(cost), ARRAY[${bars.map((bar) => `sum(seconds[${bar + 1}])`).join(', ')}]::int[]
    FROM otp_verification_rollups r WHERE r.grain = 'hour' AND ${WITHIN('r.at')}
   GROUP BY 2, 3, 4, 5`;

export const ROLL_UP_STATUSES_OF_DAYS = `
  INSERT INTO otp_provider_status_rollups (grain, at, type, provider_status, count)
  SELECT 'day', ${DAY_OF('r.at')}, type, provider_status, sum(count)
    FROM otp_provider_status_rollups r WHERE r.grain = 'hour' AND ${WITHIN('r.at')}
   GROUP BY 2, 3, 4`;

export const FORGET = (
  table: 'otp_verification_rollups' | 'otp_provider_status_rollups',
  grain: 'hour' | 'day',
) => `DELETE FROM ${table} r WHERE r.grain = '${grain}' AND ${WITHIN('r.at')}`;

/** Hours whose requests, or whose provider's words, have changed since $1. */
export const CHANGED_HOURS = `
  SELECT DISTINCT ${HOUR_OF('r.created_at')} AS hour
    FROM otp_verification_events e JOIN otp_verification_requests r ON r.id = e.request_id WHERE e.at >= $1
  UNION SELECT DISTINCT ${HOUR_OF('e.at')} FROM otp_verification_events e WHERE e.at >= $1`;

/** Compiling these plans, or sharing them among processes, takes longer than running them. */
export const DISABLE_JIT_AND_PARALLEL = `SELECT set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`;

/** How far the rollups have come. */
export const STATE = `
  SELECT built_until AS "builtUntil", events_until AS "eventsUntil", frozen_before AS "frozenBefore",
         clock_timestamp() AS now, ${HOUR_OF('clock_timestamp()')} AS "thisHour"
    FROM otp_rollup_state WHERE id = 1`;

/** The same. The transaction that locks the row rolls up. No row: another one does, and is not waited for. */
export const CLAIM = (wait: boolean) => `${STATE} FOR UPDATE ${wait ? '' : 'SKIP LOCKED'}`;

/** The hour in which everything began: ids are made in order of time. */
export const FIRST_HOUR = `
  SELECT ${HOUR_OF('created_at')} AS hour FROM otp_verification_requests ORDER BY id LIMIT 1`;

export const SAVE_STATE = `
  UPDATE otp_rollup_state SET built_until = $1, events_until = $2 WHERE id = 1`;

/** Days that have begun before $1 are final. */
export const FREEZE = `
  UPDATE otp_rollup_state SET frozen_before = greatest(frozen_before, ${DAY_OF('$1::timestamptz')} + interval '1 day') WHERE id = 1`;
