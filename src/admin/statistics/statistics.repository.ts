import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { rowsIn } from '../../database/sql.js';
import { BARS } from './histogram.js';

export const GROUPS = ['hour', 'day', 'country', 'channel', 'provider-status'] as const;
export type Group = (typeof GROUPS)[number];

export interface CountedGroup {
  /** ISO 8601 of an hour or a day, a country's code, or a channel. */
  key: string;
  started: number;
  messages: number;
  undelivered: number;
  verified: number;
  /** How many were verified within which time; see `histogram.ts`. */
  seconds: number[];
  /** Amounts by currency, decimal text. */
  cost: Record<string, string>;
}

export interface CountedStatus {
  type: string;
  status: string;
  count: number;
}

export interface Range {
  from: Date;
  to: Date;
  grain: 'hour' | 'day';
}

/** What the rollups say; see {@link Rollups} for how they come to say it. */
@Injectable()
export class StatisticsRepository {
  async groups(
    sql: EntityManager,
    group: Exclude<Group, 'provider-status'>,
    { from, to, grain }: Range,
  ): Promise<CountedGroup[]> {
    const isTime = group === 'hour' || group === 'day';
    const key = isTime ? `to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')` : group;
    const rows = await rowsIn<Omit<CountedGroup, 'cost'> & { currency: string; cost: string }>(
      sql,
      `SELECT ${key} AS key, currency, sum(started)::int AS started, sum(messages)::int AS messages,
              sum(undelivered)::int AS undelivered, sum(verified)::int AS verified, sum(cost) AS cost,
              ARRAY[${Array.from({ length: BARS }, (_, bar) => `sum(seconds[${bar + 1}])::int`).join(', ')}] AS seconds
         FROM otp_verification_rollups
        WHERE grain = $1 AND at >= $2 AND at < $3
        GROUP BY 1, 2 ORDER BY 1, 2`,
      [grain, from, to],
    );
    const groups = new Map<string, CountedGroup>();
    for (const { currency, cost, ...row } of rows) {
      const group = groups.get(row.key);
      const costs = currency === '' ? {} : { [currency]: cost };
      groups.set(row.key, group ? added(group, { ...row, cost: costs }) : { ...row, cost: costs });
    }
    return [...groups.values()];
  }

  statuses(sql: EntityManager, { from, to, grain }: Range): Promise<CountedStatus[]> {
    return rowsIn(
      sql,
      `SELECT type, provider_status AS status, sum(count)::int AS count FROM otp_provider_status_rollups
        WHERE grain = $1 AND at >= $2 AND at < $3 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 200`,
      [grain, from, to],
    );
  }
}

/** Two groups as one. */
export function added(one: CountedGroup, other: CountedGroup): CountedGroup {
  const cost = { ...one.cost };
  for (const [currency, amount] of Object.entries(other.cost))
    cost[currency] = (Number(cost[currency] ?? 0) + Number(amount)).toFixed(4);
  return {
    key: one.key,
    started: one.started + other.started,
    messages: one.messages + other.messages,
    undelivered: one.undelivered + other.undelivered,
    verified: one.verified + other.verified,
    seconds: one.seconds.map((count, bar) => count + other.seconds[bar]!),
    cost,
  };
}

export const NOTHING: CountedGroup = {
  key: '',
  started: 0,
  messages: 0,
  undelivered: 0,
  verified: 0,
  seconds: Array.from({ length: BARS }, () => 0),
  cost: {},
};
