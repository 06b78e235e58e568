import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectLibraryDataSource } from '../../database/library-data-source.js';
import { BackgroundJob } from '../../background/background-job.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import type { Actor } from '../access/administrator.js';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../admin.options.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { JournalSealer } from '../../verification/index.js';
import { Rollups } from '../statistics/rollups.service.js';
import { idAt } from '../history/history.filter.js';
import { describeFailure, report as reportDiagnostic } from '../../diagnostics/index.js';
import { JournalRetention, MissingRightError } from './journal-retention.service.js';

/** Rows that were deleted, or would be, by table. */
export type RetentionReport = Record<string, number>;

const DAY_MS = 86_400_000;
/** The first run follows a start soon: instances that are replaced every day would never come to a daily one. */
const FIRST_AFTER_MS = 600_000;
const BATCH = 1000;
/** The longest window that a limit can have, and a day more. */
const LIMIT_DAYS = 31;
/** Step-up grants are good for minutes; a day more lets somebody look into what has happened. */
const GRANT_DAYS = 1;
/** Counts of wrong codes: their longest wait is an hour, their locks end after a day. */
const WRONG_CODE_DAYS = 7;
/** Ids are made by the clocks of instances. */
const SKEW_MS = 3_600_000;
/** Of all instances one deletes at a time. */
const LOCK = 7_367_101;

/**
 * Deletes what is old enough, in short batches that never touch a live row. Statistics and the audit stay. Requests and
 * their events are deleted by `JournalRetention`, a sealed range at a time.
 */
@Injectable()
export class Retention extends BackgroundJob {
  constructor(
    @InjectLibraryDataSource() private readonly dataSource: DataSource,
    private readonly rollups: Rollups,
    private readonly audit: AuditLog,
    private readonly sealer: JournalSealer,
    private readonly journal: JournalRetention,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {
    // About once a day; which instance comes first does not matter.
    super(options.retention && DAY_MS * 0.8, FIRST_AFTER_MS * (0.5 + Math.random()));
  }

  protected async round(): Promise<void> {
    try {
      this.logger.log(await this.run('system:retention', 'the daily run'), 'old rows deleted');
    } catch (error) {
      if (error instanceof MissingRightError)
        this.logger.error(describeFailure(error), 'old requests are not deleted');
      throw error;
    }
  }

  /** What {@link run} would delete now. */
  async dryRun(): Promise<RetentionReport> {
    await this.sealer.sealAll();
    const { requestsDays } = this.options.retention ?? {};
    const daysAgo = await this.calendar();
    const report = requestsDays ? await this.journal.count(daysAgo(requestsDays)) : {};
    for (const { table, where, values } of this.rules(daysAgo)) {
      const [row] = await rowsOf<{ count: number }>(
        this.dataSource,
        `SELECT count(*)::int AS count FROM otp_${table} t WHERE ${where}`,
        values,
      );
      add(report, table, row!.count);
    }
    return report;
  }

  /** Whether requests, their events and decisions are kept for ever, because `retention` is off. */
  get keepsHistory(): boolean {
    return !this.options.retention;
  }

  /**
   * Deletes what is old enough.
   * @param report called after every batch
   * @returns how many rows were deleted
   * @throws the first failure, after everything else was deleted and written to the audit: `MissingRightError` if the role
   *   may not delete old events
   */
  async run(
    actor: Actor,
    reason: string,
    report: (soFar: RetentionReport) => void = () => undefined,
  ): Promise<RetentionReport> {
    const deleted: RetentionReport = {};
    const retired: { lastSeal: number | null } = { lastSeal: null };
    const failures: unknown[] = [];
    const daysAgo = await this.calendar();
    const steps = [
      () => this.retireSeals(daysAgo, deleted, retired, report),
      ...this.rules(daysAgo).map((rule) => () => this.deleteBy(rule, deleted, report)),
    ];
    // What fails leaves the rest to be deleted all the same.
    for (const step of steps) await step().catch((error: unknown) => failures.push(error));
    if (Object.keys(deleted).length > 0)
      await this.audit.append({
        actor,
        action: 'retention.ran',
        reason,
        details: {
          ...deleted,
          ...(retired.lastSeal === null ? {} : { retired_until_seal: retired.lastSeal }),
        },
      });
    reportDiagnostic({ type: 'retention', rows: deleted });
    if (failures.length > 0) throw failures[0];
    return deleted;
  }

  /** Notes the last seal that was retired in `retired`. */
  private async retireSeals(
    daysAgo: DaysAgo,
    deleted: RetentionReport,
    retired: { lastSeal: number | null },
    report: (soFar: RetentionReport) => void,
  ): Promise<void> {
    const { requestsDays } = this.options.retention ?? {};
    if (!requestsDays) return;
    await this.rollups.freezeBefore(daysAgo(requestsDays));
    await this.sealer.sealAll();
    while (!this.isStopped) {
      const batch = await this.dataSource.transaction(async (sql) => {
        await rowsIn(sql, 'SELECT pg_advisory_xact_lock($1)', [LOCK]);
        return this.journal.retire(sql, daysAgo(requestsDays));
      });
      if (!batch) return;
      retired.lastSeal = batch.lastSeal;
      for (const [table, count] of Object.entries(batch.rows)) add(deleted, table, count);
      report(deleted);
    }
  }

  private async deleteBy(
    rule: Rule,
    deleted: RetentionReport,
    report: (soFar: RetentionReport) => void,
  ): Promise<void> {
    for (let count = BATCH; count === BATCH && !this.isStopped;) {
      count = await this.dataSource.transaction((sql) => this.batch(sql, rule));
      add(deleted, rule.table, count);
      report(deleted);
    }
  }

  private async batch(sql: EntityManager, { table, where, values, key }: Rule): Promise<number> {
    await rowsIn(sql, 'SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const old = `SELECT ${key} FROM otp_${table} t WHERE ${where} ORDER BY ${key} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`;
    return (await rowsIn(sql, `DELETE FROM otp_${table} WHERE (${key}) IN (${old}) RETURNING 1`, values))
      .length;
  }

  /** By the database's clock: that of an instance may be years ahead, and what is deleted is gone. */
  private async calendar(): Promise<DaysAgo> {
    const [row] = await rowsOf<{ now: Date }>(this.dataSource, 'SELECT clock_timestamp() AS now');
    return (days) => new Date(row!.now.getTime() - days * DAY_MS);
  }

  private rules(daysAgo: DaysAgo): Rule[] {
    const { requestsDays = null, decisionsDays = null } = this.options.retention ?? {};
    const limits = daysAgo(LIMIT_DAYS);
    return [
      ...(requestsDays === null
        ? []
        : [
            {
              table: 'number_slots',
              key: 'phone_fingerprint, confirmed_for',
              where: `t.locked_at IS NULL AND t.wrong_codes = 0 AND (t.live_until IS NULL OR t.live_until < $1)
                AND NOT EXISTS (SELECT 1 FROM otp_verification_requests r WHERE r.phone_fingerprint = t.phone_fingerprint)`,
              values: [daysAgo(1)],
            },
            {
              table: 'event_deliveries',
              key: 'id',
              where: `NOT EXISTS (SELECT 1 FROM otp_verification_events e
                                   WHERE e.request_id = t.request_id AND e.number = t.number)`,
              values: [],
            },
          ]),
      ...(decisionsDays === null
        ? []
        : [
            {
              table: 'decisions',
              key: 'id',
              where: 't.id < $1 AND t.at < $2',
              values: [
                idAt(new Date(daysAgo(decisionsDays).getTime() + SKEW_MS), 'last'),
                daysAgo(decisionsDays),
              ],
            },
          ]),
      {
        table: 'rate_counters',
        key: 'scope, key, seconds',
        where: `(cardinality(t.moments) = 0 OR t.moments[1] < $1)`,
        values: [limits],
      },
      {
        table: 'step_up_grants',
        key: 'id',
        where: 't.expires_at < $1',
        values: [daysAgo(GRANT_DAYS)],
      },
      { table: 'kept_posts', key: 'id', where: 't.expires_at < now()', values: [] },
      // They go at their user's next sign-in or passkey, which may never come.
      { table: 'token_generations', key: 'sid', where: 't.expires_at < now()', values: [] },
      { table: 'passkey_challenges', key: 'challenge', where: 't.expires_at < now()', values: [] },
      {
        table: 'factor_attempts',
        key: 'user_id, method, source',
        where: 't.updated_at < $1 AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())',
        values: [daysAgo(WRONG_CODE_DAYS)],
      },
      { table: 'daily_counters', key: 'scope, key, day', where: 't.day < $1::date', values: [limits] },
      { table: 'trusted_browsers', key: 'id', where: 't.expires_at < now()', values: [] },
    ];
  }
}

interface Rule {
  /** Without the prefix. */
  table: string;
  /** Columns of its primary key. */
  key: string;
  where: string;
  values: unknown[];
}

/** The moment that was so many days ago. */
type DaysAgo = (days: number) => Date;

function add(report: RetentionReport, table: string, count: number): void {
  if (count > 0) report[table] = (report[table] ?? 0) + count;
}
