import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { BackgroundWork } from '../../database/background-work.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import type { Actor } from '../access/administrator.js';
import { ADMIN_OPTIONS, type ResolvedAdminOptions } from '../admin.options.js';
import { AuditLog } from '../audit/audit-log.service.js';
import { Rollups } from '../statistics/rollups.service.js';
import { idAt } from '../history/history.filter.js';

/** Rows that were deleted, or would be, by table. */
export type RetentionReport = Record<string, number>;

const DAY_MS = 86_400_000;
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
 * Deletes what is old enough, in batches that each take a moment and never touch a live row. Statistics and the audit
 * stay. A request goes together with its events, so that no chain is left without its head.
 */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Retention.name);
  private readonly work: BackgroundWork;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly rollups: Rollups,
    private readonly audit: AuditLog,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {
    // About once a day; which instance comes first does not matter.
    this.work = new BackgroundWork(this.logger, DAY_MS * 0.8, async () => {
      this.logger.log(await this.run('system:retention', 'the daily run'), 'old rows deleted');
    });
  }

  onApplicationBootstrap(): void {
    if (this.options.retention) this.work.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.work.stop();
  }

  /** What {@link run} would delete now. */
  async dryRun(): Promise<RetentionReport> {
    const report: RetentionReport = {};
    for (const { table, where, values } of this.rules()) {
      const [row] = await rowsOf<{ count: number }>(
        this.dataSource,
        `SELECT count(*)::int AS count FROM ${table} t WHERE ${where}`,
        values,
      );
      add(report, table, row!.count);
    }
    return report;
  }

  /** @param report called after every batch. @returns how many rows were deleted */
  async run(
    actor: Actor,
    reason: string,
    report: (soFar: RetentionReport) => void = () => undefined,
  ): Promise<RetentionReport> {
    const deleted: RetentionReport = {};
    const { requestsDays } = this.options.retention ?? {};
    if (requestsDays) await this.rollups.freezeBefore(daysAgo(requestsDays));
    for (const rule of this.rules()) {
      for (let count = BATCH; count === BATCH && !this.work.isStopped;) {
        count = await this.dataSource.transaction((sql) => this.batch(sql, rule));
        add(deleted, rule.table, count);
        report(deleted);
      }
    }
    if (Object.keys(deleted).length > 0)
      await this.audit.append({ actor, action: 'retention.ran', reason, details: deleted });
    return deleted;
  }

  private async batch(sql: EntityManager, { table, where, values, key }: Rule): Promise<number> {
    await rowsIn(sql, 'SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const gone = `SELECT ${key} FROM ${table} t WHERE ${where} ORDER BY ${key} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`;
    if (table !== 'verification_requests')
      return (await rowsIn(sql, `DELETE FROM ${table} WHERE (${key}) IN (${gone}) RETURNING 1`, values))
        .length;
    // Nobody may delete events, not even this role. Given and taken back within one transaction, the privilege is never
    // seen by anybody else.
    await rowsIn(sql, 'GRANT DELETE ON verification_events TO CURRENT_USER');
    const ids = (await rowsIn<{ id: string }>(sql, gone, values)).map(({ id }) => id);
    for (const [child, column] of [
      ['verification_events', 'request_id'],
      ['decisions', 'request_id'],
      ['verification_requests', 'id'],
    ])
      await rowsIn(sql, `DELETE FROM ${child} WHERE ${column} = ANY($1::uuid[])`, [ids]);
    await rowsIn(sql, 'REVOKE DELETE ON verification_events FROM CURRENT_USER');
    return ids.length;
  }

  private rules(): Rule[] {
    const { requestsDays = null, decisionsDays = null } = this.options.retention ?? {};
    const limits = daysAgo(LIMIT_DAYS);
    return [
      ...(requestsDays === null
        ? []
        : [
            {
              table: 'verification_requests',
              key: 'id',
              where: `t.id < $1 AND t.created_at < $2 AND t.status NOT IN ('SENDING', 'PENDING')`,
              values: [
                idAt(new Date(daysAgo(requestsDays).getTime() + SKEW_MS), 'last'),
                daysAgo(requestsDays),
              ],
            },
            {
              table: 'number_slots',
              key: 'phone_fingerprint, confirmed_for',
              where: `t.locked_at IS NULL AND t.wrong_codes = 0 AND (t.live_until IS NULL OR t.live_until < $1)
                AND NOT EXISTS (SELECT 1 FROM verification_requests r WHERE r.phone_fingerprint = t.phone_fingerprint)`,
              values: [daysAgo(1)],
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
      {
        table: 'factor_guards',
        key: 'user_id, method, source',
        where: 't.updated_at < $1 AND (t.locked_until IS NULL OR t.locked_until < clock_timestamp())',
        values: [daysAgo(WRONG_CODE_DAYS)],
      },
      { table: 'daily_counters', key: 'scope, key, day', where: 't.day < $1::date', values: [limits] },
    ];
  }
}

interface Rule {
  table: string;
  /** Columns of its primary key. */
  key: string;
  where: string;
  values: unknown[];
}

const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);

function add(report: RetentionReport, table: string, count: number): void {
  if (count > 0) report[table] = (report[table] ?? 0) + count;
}
