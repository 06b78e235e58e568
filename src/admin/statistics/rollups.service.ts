import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { BackgroundJob } from '../../background/background-job.js';
import { rowsIn } from '../../database/sql.js';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../admin.options.js';
import {
  CHANGED_HOURS,
  CLAIM,
  FIRST_HOUR,
  FORGET,
  FREEZE,
  DISABLE_JIT_AND_PARALLEL,
  ROLL_UP_DAYS,
  ROLL_UP_HOURS,
  ROLL_UP_STATUSES,
  ROLL_UP_STATUSES_OF_DAYS,
  SAVE_STATE,
  STATE,
} from './rollup.statements.js';

interface State {
  builtUntil: Date | null;
  eventsUntil: Date | null;
  frozenBefore: Date | null;
  now: Date;
  thisHour: Date;
}

export interface RollupProgress {
  /** Every hour before this one is in the rollups; null: none is yet. */
  builtUntil: Date | null;
  /** Nothing is left to roll up for the first time. */
  isComplete: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A statement that began before the watermark may commit after it, so events of this long before are read again. */
const OVERLAP_MS = 60_000;
/** Hours rolled up for the first time in one transaction: some 100,000 requests in a second, of 10 million in 90 days. */
const BATCH = 24;
/** A page rolls up so many hours by itself; more are left to the background work. */
const QUICK_HOURS_LIMIT = 2;
/** Between two batches of an old database; requests for pages come in between. */
const AT_ONCE_MS = 50;
const FIRST_AFTER_MS = 1000;

/**
 * Keeps the rollups. An hour in which something happened is counted again as a whole, so that counting it twice is
 * harmless and late news (a price, an expiry) come in. Every instance does it; the state's row makes them take turns.
 */
@Injectable()
export class Rollups extends BackgroundJob {
  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    @Inject(ADMIN_OPTIONS) { rollUpEverySeconds: every }: ResolvedAdminOptions,
  ) {
    super(every && every * 1000, FIRST_AFTER_MS);
  }

  /** An old database is caught up with at once, a batch after the other. */
  protected async round(): Promise<number | void> {
    const { isComplete } = await this.refresh();
    if (!isComplete) return AT_ONCE_MS;
  }

  /**
   * Brings in what has happened since the last time, and a batch of hours that were never rolled up.
   * @param how `wait`: waits for another instance that is rolling up; otherwise does nothing then
   * @returns how far the rollups have come, in any case
   */
  async refresh({ wait = false } = {}): Promise<RollupProgress> {
    return this.dataSource.transaction((sql) => this.refreshWithin(sql, wait, false));
  }

  /**
   * Reads the rollups as they are when everything until now is counted. What is counted for it is rolled back afterwards,
   * because a GET writes nothing; the timers of the instances are there to keep it.
   */
  async readAsOfNow<Result>(
    read: (sql: EntityManager, progress: RollupProgress) => Promise<Result>,
  ): Promise<Result> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      // The timer, where there is one, catches up with an old database: no request waits for that.
      const progress = await this.refreshWithin(runner.manager, false, this.isStarted);
      return await read(runner.manager, progress);
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
  }

  private async refreshWithin(sql: EntityManager, wait: boolean, quick: boolean): Promise<RollupProgress> {
    const [claimed] = await rowsIn<State>(sql, CLAIM(wait));
    if (claimed) return this.bringUp(sql, claimed, quick);
    const [state] = await rowsIn<State>(sql, STATE);
    return progressOf(state?.builtUntil ?? null, state!.thisHour);
  }

  /** Rolls up everything that is missing. @param report called after every batch */
  async catchUp(report: (progress: RollupProgress) => void = () => undefined): Promise<void> {
    while (!this.isStopped) {
      const progress = await this.refresh({ wait: true });
      report(progress);
      if (progress.isComplete) return;
    }
  }

  /**
   * From now on days that began before this moment are not counted again: their requests are going to be
   * deleted. All that has happened is counted before.
   */
  async freezeBefore(moment: Date): Promise<void> {
    await this.catchUp();
    await this.dataSource.transaction(async (sql) => {
      const [state] = await rowsIn<State>(sql, CLAIM(true));
      await this.bringUp(sql, state!);
      await rowsIn(sql, FREEZE, [moment]);
    });
  }

  /** Only by who holds the state's row. */
  private async bringUp(sql: EntityManager, state: State, quick = false): Promise<RollupProgress> {
    await rowsIn(sql, DISABLE_JIT_AND_PARALLEL);
    const { now, thisHour, eventsUntil, frozenBefore } = state;
    const isOpen = (hour: Date) => frozenBefore === null || hour >= frozenBefore;
    const dirty = new Set<number>(eventsUntil === null ? [thisHour.getTime()] : []);
    if (eventsUntil) {
      const changed = await rowsIn<{ hour: Date }>(sql, CHANGED_HOURS, [eventsUntil]);
      for (const { hour } of changed) if (isOpen(hour)) dirty.add(hour.getTime());
    }
    let builtUntil = state.builtUntil ?? (await this.firstHour(sql)) ?? thisHour;
    const missing = (thisHour.getTime() - builtUntil.getTime()) / HOUR_MS;
    const most = quick && missing > QUICK_HOURS_LIMIT ? 0 : BATCH;
    for (let i = 0; i < most && builtUntil < thisHour; i += 1) {
      if (isOpen(builtUntil)) dirty.add(builtUntil.getTime());
      builtUntil = new Date(builtUntil.getTime() + HOUR_MS);
    }
    // What has not been built yet will be; events before now are in it then.
    const hours = [...dirty].filter((hour) => hour < builtUntil.getTime() || hour === thisHour.getTime());
    for (const { from, to } of runsOf(hours)) {
      await this.count(sql, 'hour', from, to, ROLL_UP_HOURS, ROLL_UP_STATUSES);
      const days = [Math.floor(from / DAY_MS) * DAY_MS, Math.ceil(to / DAY_MS) * DAY_MS] as const;
      await this.count(sql, 'day', ...days, ROLL_UP_DAYS, ROLL_UP_STATUSES_OF_DAYS);
    }
    await rowsIn(sql, SAVE_STATE, [builtUntil, new Date(now.getTime() - OVERLAP_MS)]);
    return progressOf(builtUntil, thisHour);
  }

  private async firstHour(sql: EntityManager): Promise<Date | null> {
    const [first] = await rowsIn<{ hour: Date }>(sql, FIRST_HOUR);
    return first?.hour ?? null;
  }

  private async count(
    sql: EntityManager,
    grain: 'hour' | 'day',
    from: number,
    to: number,
    requests: string,
    statuses: string,
  ): Promise<void> {
    const range = [new Date(from), new Date(to)];
    await rowsIn(sql, FORGET('otp_verification_rollups', grain), range);
    await rowsIn(sql, requests, range);
    await rowsIn(sql, FORGET('otp_provider_status_rollups', grain), range);
    await rowsIn(sql, statuses, range);
  }
}

const progressOf = (builtUntil: Date | null, thisHour: Date): RollupProgress => ({
  builtUntil,
  isComplete: builtUntil !== null && builtUntil >= thisHour,
});

/** Hours that follow each other, as ranges; never more than a batch in one. */
function runsOf(hours: number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const hour of hours.toSorted((one, other) => one - other)) {
    const run = runs.at(-1);
    if (run?.to === hour && hour - run.from < BATCH * HOUR_MS) run.to += HOUR_MS;
    else runs.push({ from: hour, to: hour + HOUR_MS });
  }
  return runs;
}
