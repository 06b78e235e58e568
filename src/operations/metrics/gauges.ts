import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Gauge } from 'prom-client';
import { DataSource } from 'typeorm';
import { poolOf } from '../../database/sql.js';
import { SharedLimits, type UsedLimit } from '../../protection/index.js';
import { type DeliveryBacklog, DeliveryQueue, JournalLag } from '../../verification/index.js';
import type { Metrics } from './metrics.js';

/** Prometheus gives a target ten seconds by default. A database that does not answer must not take the other metrics along. */
const PATIENCE_MS = 1000;

/** What is read when the metrics are asked for: the pool, the day's limits, what waits for the webhook, and how far the journal's readers are behind. */
@Injectable()
export class Gauges {
  /** What two gauges read at once is asked for once. */
  private limitsOfToday: Promise<UsedLimit[]> | undefined;
  private backlog: Promise<DeliveryBacklog | null> | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly limits: SharedLimits,
    private readonly lag: JournalLag,
    private readonly deliveries: DeliveryQueue,
  ) {}

  register(metrics: Metrics): void {
    metrics.gauge('otp_pool_connections', 'Connections to the database.', ['state'], (gauge) => {
      const { totalCount, idleCount } = poolOf(this.dataSource);
      gauge.set({ state: 'idle' }, idleCount);
      gauge.set({ state: 'busy' }, totalCount - idleCount);
    });
    metrics.gauge(
      'otp_pool_size',
      'The most connections that this instance opens (DATABASE_POOL_SIZE).',
      [],
      (gauge) => gauge.set(poolOf(this.dataSource).options.max ?? 10),
    );
    metrics.gauge('otp_pool_waiting', 'Statements that wait for a connection.', [], (gauge) =>
      gauge.set(poolOf(this.dataSource).waitingCount),
    );

    metrics.gauge(
      'otp_database_up',
      '1 if the database answered when the metrics were read. Without it, the limits and lags are missing.',
      [],
      (gauge) => this.ifAnswers(gauge),
    );
    const labels = ['limit', 'country'] as const;
    metrics.gauge(
      'otp_limit_used',
      'How much of a limit for everybody is used today (UTC): messages, or money.',
      [...labels],
      (gauge) => this.fill(gauge, 'used'),
    );
    metrics.gauge(
      'otp_limit',
      'The limits for everybody: messages, or money, per day.',
      [...labels],
      (gauge) => this.fill(gauge, 'limit'),
    );
    metrics.gauge(
      'otp_journal_lag_seconds',
      'The age of the oldest event that a reader of the journal ("seal", "publish", "deliver", "file") has not handled; 0 if there is none.',
      ['journal', 'reader'],
      async (gauge) => {
        gauge.reset();
        for (const { journal, reader, seconds } of await inTime(this.lag.read(), []))
          gauge.set({ journal, reader }, seconds);
      },
    );
    metrics.gauge('otp_webhook_waiting', 'Events that wait to be delivered to the webhook.', [], (gauge) =>
      this.fillBacklog(gauge, 'waiting'),
    );
    metrics.gauge(
      'otp_webhook_lag_seconds',
      'The age of the oldest event that waits to be delivered to the webhook; 0 if there is none.',
      [],
      (gauge) => this.fillBacklog(gauge, 'seconds'),
    );
    metrics.gauge(
      'otp_webhook_dead_letters',
      'Events that the webhook refused too often, until somebody retries or discards them.',
      [],
      (gauge) => this.fillBacklog(gauge, 'dead'),
    );
  }

  private async ifAnswers(gauge: Gauge): Promise<void> {
    const answers = inTime(
      poolOf(this.dataSource)
        .query('SELECT 1')
        .then(() => true),
      false,
    );
    gauge.set((await answers) ? 1 : 0);
  }

  /** A limit that nothing was taken of today is left out. */
  private async fill(gauge: Gauge<'limit' | 'country'>, value: 'used' | 'limit'): Promise<void> {
    gauge.reset();
    for (const each of await this.readLimits())
      gauge.set({ limit: each.rule, country: each.country }, each[value]);
  }

  private async fillBacklog(gauge: Gauge, value: keyof DeliveryBacklog): Promise<void> {
    gauge.reset();
    this.backlog ??= inTime(this.deliveries.backlog(), null).finally(() => (this.backlog = undefined));
    const backlog = await this.backlog;
    if (backlog) gauge.set(backlog[value]);
  }

  private readLimits(): Promise<UsedLimit[]> {
    return (this.limitsOfToday ??= inTime(this.limits.ofToday(), []).finally(
      () => (this.limitsOfToday = undefined),
    ));
  }
}

/** @returns the answer, or `otherwise` if it fails or takes too long */
async function inTime<Result>(answer: Promise<Result>, otherwise: Result): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, otherwise)));
  try {
    return await Promise.race([answer.catch(() => otherwise), late]);
  } finally {
    clearTimeout(timer);
  }
}
