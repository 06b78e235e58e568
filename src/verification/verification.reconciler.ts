import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { BackgroundWork } from '../database/background-work.js';
import { VERIFICATION_OPTIONS, type VerificationModuleOptions } from './verification.options.js';
import { isInDoubt } from './domain/verification-record.js';
import { VerificationJudge } from './verification.judge.js';
import { StatementRunner } from './verification.statement-runner.js';
import { VerificationRepository } from './verification.repository.js';
import { VerificationSender } from './verification.sender.js';

export interface ReconcileReport {
  /** Lost messages whose request is usable again. */
  recovered: number;
  /** Lost messages that ended their request, or are still not known. */
  unresolved: number;
  /** Checks that were never answered, now settled by the provider's word. */
  settled: number;
  /** Requests whose time had run out, now written down as over. */
  swept: number;
}

const DEFAULT_EVERY_SECONDS = 3;
const SWEEP_EVERY_MS = 60_000;
const RECENT_SECONDS = 2 * 3600;
/** Once at the start of each instance: what a night without any has left. */
const A_DAY_SECONDS = 86_400;
/** By the command: a walk through millions of rows is nothing for an instance that is to serve. */
const LONG_AGO_SECONDS = 30 * 86_400;
/** One round stays short, also when the provider is down and every try takes its time-out. */
const MOST_PER_ROUND = 20;

/**
 * Finds out what became of messages whose answer was lost (a crash, a time-out, nonsense), by asking the provider again:
 * it refuses a second message and names the first; and of checks whose answer was lost, where the provider can tell. Runs on every instance; whichever comes first takes a request, and
 * none is taken twice.
 */
@Injectable()
export class VerificationReconciler implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(VerificationReconciler.name);
  private readonly work: BackgroundWork | null;
  private sweptAt = 0;

  constructor(
    private readonly repository: VerificationRepository,
    private readonly sender: VerificationSender,
    private readonly judge: VerificationJudge,
    private readonly statements: StatementRunner,
    @Inject(VERIFICATION_OPTIONS)
    { reconcileEverySeconds: every = DEFAULT_EVERY_SECONDS }: VerificationModuleOptions,
  ) {
    this.work = every === null ? null : new BackgroundWork(this.logger, every * 1000, () => this.round());
  }

  onApplicationBootstrap(): void {
    this.work?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.work?.stop();
  }

  /** One round: up to {@link MOST_PER_ROUND} lost messages and as many lost checks, and what time has ended of what began within `sweepSeconds`. */
  async runOnce(sweepSeconds = LONG_AGO_SECONDS): Promise<ReconcileReport> {
    const report: ReconcileReport = { recovered: 0, unresolved: 0, settled: 0, swept: 0 };
    for (let round = 0; round < MOST_PER_ROUND && !this.work?.isStopped; round += 1) {
      const result = await this.sender.settleOneLost();
      if (!result) break;
      if (result.ok) report.recovered += 1;
      else report.unresolved += 1;
      // The provider is not there: the others would only wait for it too.
      if (!result.ok && result.code === 'provider-unavailable') break;
    }
    for (let round = 0; round < MOST_PER_ROUND && !this.work?.isStopped; round += 1) {
      const request = await this.judge.settleDoubt();
      if (!request) break;
      if (!isInDoubt(request)) report.settled += 1;
    }
    if (sweepSeconds > 0) {
      report.swept = await this.repository.sweep(sweepSeconds);
      await this.statements.all('sweepReceipts', []);
      await this.statements.all('endLocks', []);
    }
    return report;
  }

  private async round(): Promise<void> {
    const first = this.sweptAt === 0;
    const sweepIsDue = Date.now() - this.sweptAt > SWEEP_EVERY_MS;
    const report = await this.runOnce(first ? A_DAY_SECONDS : sweepIsDue ? RECENT_SECONDS : 0);
    if (sweepIsDue) this.sweptAt = Date.now();
    if (report.recovered + report.unresolved + report.settled > 0)
      this.logger.log(report, 'lost answers looked into');
  }
}
