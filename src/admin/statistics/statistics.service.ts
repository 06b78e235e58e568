import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Problem } from '../../http/index.js';
import { medianOf } from './histogram.js';
import { Rollups } from './rollups.service.js';
import type { CountsResource, StatisticsQueryDto, StatisticsResource } from './statistics.dto.js';
import {
  added,
  type CountedGroup,
  type Group,
  NOTHING,
  type Range,
  StatisticsRepository,
} from './statistics.repository.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_HOURS = 31 * 24;

/** Starts, messages, conversion, time and cost, from the rollups and what has happened since. */
@Injectable()
export class Statistics {
  constructor(
    private readonly repository: StatisticsRepository,
    private readonly rollups: Rollups,
  ) {}

  /** The statistics of a period in groups, with their total. */
  async of(query: StatisticsQueryDto): Promise<StatisticsResource> {
    const { groupBy = 'day' } = query;
    const range = rangeOf(query);
    const { groups, isComplete } = await this.rollups.readAsOfNow(async (sql, progress) => ({
      groups: await this.groupsOf(sql, groupBy, range),
      isComplete: progress.isComplete,
    }));
    const sum = groups.reduce((total, group) => added(total, group), NOTHING);
    return {
      from: range.from.toISOString(),
      to: range.to.toISOString(),
      groupBy,
      isComplete,
      groups: groups.map((group) => resourceOf(group)),
      total: resourceOf(sum),
    };
  }

  private async groupsOf(sql: EntityManager, groupBy: Group, range: Range): Promise<CountedGroup[]> {
    if (groupBy !== 'provider-status') return this.repository.groups(sql, groupBy, range);
    // By what the provider said: only the counts of that are known.
    return (await this.repository.statuses(sql, range)).map(({ type, status, count }) => ({
      ...NOTHING,
      key: `${type}: ${status}`,
      started: count,
    }));
  }
}

/** @throws Problem `invalid-input` when it has too many hours, or none */
function rangeOf({ from, to, groupBy }: StatisticsQueryDto): Range {
  const grain = groupBy === 'hour' ? 'hour' : 'day';
  const step = grain === 'hour' ? HOUR_MS : DAY_MS;
  const until = Math.ceil((to ?? new Date()).getTime() / step) * step;
  const back = grain === 'hour' ? 48 * HOUR_MS : 30 * DAY_MS;
  const since = Math.floor((from?.getTime() ?? until - back) / step) * step;
  const wrong = (field: string, code: string) => Problem.invalidInput('statistics', [{ field, code }]);
  if (since >= until) throw wrong('to', 'before-from');
  if (grain === 'hour' && (until - since) / HOUR_MS > MOST_HOURS) throw wrong('from', 'too-many-hours');
  return { from: new Date(since), to: new Date(until), grain };
}

const resourceOf = ({
  key,
  started,
  messages,
  undelivered,
  verified,
  seconds,
  cost,
}: CountedGroup): CountsResource => ({
  key,
  started,
  messages,
  delivered: messages - undelivered,
  verified,
  conversion: started === 0 || messages === 0 ? null : Math.round((verified / started) * 10_000) / 10_000,
  medianSeconds: medianOf(seconds),
  cost: Object.entries(cost).map(([currency, amount]) => ({ currency, amount })),
});
