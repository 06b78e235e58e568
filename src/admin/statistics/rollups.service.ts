import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn } from '../../database/sql.js';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../admin.options.js';
import {
  CHANGED_HOURS,
  FIRST_HOUR,
  FORGET,
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
  /** Every hour before this one is in the rollups. */
  builtUntil: Date;
  /** Nothing is left to roll up for the first time. */
  isComplete: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A statement that began before the watermark may still be on its way: events are looked at again for so long. */
const OVERLAP_MS = 60_000;
/** Hours rolled up in one transaction. */
const BATCH = 24;

/**
 * Keeps the rollups: hours of which something has happened are counted anew as a whole, so that counting one twice is
 * harmless and late news (a price, an expiry) come in. Every instance does it; the state's row makes them take turns.
 */
@Injectable()
export class Rollups implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Rollups.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.rollUpEverySeconds !== null) this.schedule(1000);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /**
   * Brings the rollups up to date, a batch of hours at a time.
   * @param wait also when another instance is at it; otherwise null then
   */
  async refresh({ wait = false } = {}): Promise<RollupProgress | null> {
    return this.dataSource.transaction(async (sql) => {
      const [state] = await rowsIn<State>(sql, STATE(!wait));
      if (!state) return null;
      const { now, thisHour, eventsUntil, frozenBefore } = state;
      const isOpen = (hour: Date) => frozenBefore === null || hour >= frozenBefore;
      const dirty = new Set<number>();
      if (eventsUntil) {
        const changed = await rowsIn<{ hour: Date }>(sql, CHANGED_HOURS, [eventsUntil]);
        for (const { hour } of changed) if (isOpen(hour)) dirty.add(hour.getTime());
      }
      let builtUntil = state.builtUntil ?? (await this.firstHour(sql)) ?? thisHour;
      for (let i = 0; i < BATCH && builtUntil < thisHour; i += 1) {
        if (isOpen(builtUntil)) dirty.add(builtUntil.getTime());
        builtUntil = new Date(builtUntil.getTime() + HOUR_MS);
      }
      // What has not been built yet will be; events before now are in it then.
      const hours = [...dirty].filter((hour) => hour < builtUntil.getTime() || hour === thisHour.getTime());
      if (eventsUntil === null) hours.push(thisHour.getTime());
      await this.rollUp(sql, new Set(hours));
      await rowsIn(sql, SAVE_STATE, [builtUntil, new Date(now.getTime() - OVERLAP_MS)]);
      return { builtUntil, isComplete: builtUntil >= thisHour };
    });
  }

  /** Until nothing is left. @param report called after every batch */
  async catchUp(report: (progress: RollupProgress) => void = () => undefined): Promise<void> {
    while (!this.stopped) {
      const progress = await this.refresh({ wait: true });
      if (!progress) return;
      report(progress);
      if (progress.isComplete) return;
    }
  }

  /** From now on nothing before this moment is counted anew: its requests are going to be deleted. */
  async freezeBefore(moment: Date): Promise<void> {
    await this.catchUp();
    await this.dataSource.transaction((sql) =>
      rowsIn(
        sql,
        `UPDATE rollup_state SET frozen_before = greatest(frozen_before, date_trunc('day', $1::timestamptz, 'UTC') + interval '1 day')
          WHERE id = 1`,
        [moment],
      ),
    );
  }

  private async firstHour(sql: EntityManager): Promise<Date | null> {
    const [first] = await rowsIn<{ hour: Date }>(sql, FIRST_HOUR);
    return first?.hour ?? null;
  }

  private async rollUp(sql: EntityManager, hours: ReadonlySet<number>): Promise<void> {
    if (hours.size === 0) return;
    const days = new Set([...hours].map((hour) => Math.floor(hour / DAY_MS) * DAY_MS));
    await this.count(sql, 'hour', hours, ROLL_UP_HOURS, ROLL_UP_STATUSES);
    await this.count(sql, 'day', days, ROLL_UP_DAYS, ROLL_UP_STATUSES_OF_DAYS);
  }

  private async count(
    sql: EntityManager,
    grain: 'hour' | 'day',
    moments: ReadonlySet<number>,
    requests: string,
    statuses: string,
  ): Promise<void> {
    const at = [...moments].map((moment) => new Date(moment));
    await rowsIn(sql, FORGET('verification_rollups'), [grain, at]);
    await rowsIn(sql, requests, [at]);
    await rowsIn(sql, FORGET('provider_status_rollups'), [grain, at]);
    await rowsIn(sql, statuses, [at]);
  }

  private schedule(delayMs: number): void {
    this.timer = setTimeout(() => {
      let next = (this.options.rollUpEverySeconds ?? 0) * 1000 * (0.5 + Math.random());
      this.running = this.refresh()
        .then((progress) => {
          // An old database is caught up with at once, a batch after the other.
          if (progress && !progress.isComplete) next = 0;
        })
        .catch((error: unknown) => {
          this.logger.warn({ kind: (error as { code?: string }).code ?? 'error' }, 'a round was left out');
        })
        .finally(() => {
          if (!this.stopped) this.schedule(next);
        });
    }, delayMs);
    this.timer.unref();
  }
}
