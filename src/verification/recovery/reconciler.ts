import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BackgroundJob } from '../../background/background-job.js';
import { DoubtService } from '../check/doubt.service.js';
import { WrongCodesRepository } from '../check/wrong-codes.repository.js';
import { longestLifeSeconds } from '../domain/policy.js';
import { isInDoubt } from '../domain/verification-record.js';
import { PhoneNumbers } from '../phone-numbers.js';
import { ResendService } from '../resend/resend.service.js';
import { DeliveryService } from '../start/delivery.service.js';
import { VERIFICATION_OPTIONS, type ResolvedVerificationOptions } from '../verification.options.js';
import type { RequestResult } from '../verification.results.js';
import { SWEEP_BATCH, SweepRepository } from './sweep.repository.js';

/** What one run of the reconciler did. */
export interface ReconcileReport {
  /** Lost messages whose request is usable again. */
  recovered: number;
  /** Lost messages that ended their request, or that are still unknown. */
  unresolved: number;
  /** Checks that were never answered, and now settled by the provider's answer. */
  settled: number;
  /** Requests whose time had run out, now written down as over. */
  swept: number;
}

const SWEEP_EVERY_MS = 60_000;
/** At least. A policy of long-lived requests has more. */
const RECENT_SECONDS = 2 * 3600;
/** Once when an instance starts: requests that were left over in a night without any instance. */
const A_DAY_SECONDS = 86_400;
/** By the command. A walk through millions of rows is not for an instance that is to serve. */
const LONG_AGO_SECONDS = 30 * 86_400;
/** A round stays short, also when the provider is down and every try takes its time-out. */
const MOST_PER_ROUND = 20;

/**
 * Resolves messages and checks whose outcome is unknown, after a crash, a time-out or an unreadable answer. A message is
 * sent again; the provider refuses a second one and names the first. Runs on every instance, and no request is taken
 * twice.
 */
@Injectable()
export class VerificationReconciler extends BackgroundJob {
  private readonly recentSeconds: number;
  private sweptAt = 0;

  constructor(
    private readonly sweeps: SweepRepository,
    private readonly wrongCodes: WrongCodesRepository,
    private readonly delivery: DeliveryService,
    private readonly resends: ResendService,
    private readonly doubts: DoubtService,
    private readonly numbers: PhoneNumbers,
    @Inject(VERIFICATION_OPTIONS) { reconcileEverySeconds: every, policy }: ResolvedVerificationOptions,
  ) {
    super(every && every * 1000);
    this.recentSeconds = Math.max(RECENT_SECONDS, longestLifeSeconds(policy));
  }

  /**
   * Runs once: up to 20 lost messages and as many lost checks.
   * @param sweepSeconds how old the requests are, at most, that are swept when their time has run out; 0 for none
   */
  async runOnce(sweepSeconds = LONG_AGO_SECONDS): Promise<ReconcileReport> {
    const report: ReconcileReport = { recovered: 0, unresolved: 0, settled: 0, swept: 0 };
    for (let round = 0; round < MOST_PER_ROUND && !this.isStopped; round += 1) {
      const result = await this.recoverMessage();
      if (!result) break;
      if (result.ok) report.recovered += 1;
      else report.unresolved += 1;
      // The provider is unavailable. The other messages would only wait for it too.
      if (!result.ok && result.code === 'provider-unavailable') break;
    }
    for (let round = 0; round < MOST_PER_ROUND && !this.isStopped; round += 1) {
      const request = await this.doubts.settle();
      if (!request) break;
      if (!isInDoubt(request)) report.settled += 1;
    }
    if (sweepSeconds > 0) {
      let swept: number;
      do {
        swept = await this.sweeps.endExpired(sweepSeconds);
        report.swept += swept;
      } while (swept === SWEEP_BATCH && !this.isStopped);
      while ((await this.sweeps.deleteOldKeys()) && !this.isStopped);
      await this.wrongCodes.endOldLocks();
    }
    return report;
  }

  /** Finds out about one lost message, of any request. @returns null when none is lost */
  private async recoverMessage(): Promise<RequestResult | null> {
    const token = randomUUID();
    const request = await this.delivery.claimLost(null, 'reconciler', token);
    if (!request) return null;
    if (request.status === 'PENDING') return this.resends.sendLost(request, token);
    const e164 = this.numbers.e164Of(request);
    return this.delivery.send(request, e164, { earlierSendLost: true, actor: 'reconciler' });
  }

  protected async round(): Promise<void> {
    const isFirst = this.sweptAt === 0;
    // A clock that was set back tells nothing about the time that has passed.
    const unsweptMs = Math.abs(Date.now() - this.sweptAt);
    const isSweepDue = unsweptMs > SWEEP_EVERY_MS;
    // The database may have been away for hours.
    const recentSeconds = this.recentSeconds + Math.ceil(unsweptMs / 1000);
    const firstSeconds = Math.max(A_DAY_SECONDS, this.recentSeconds);
    const report = await this.runOnce(isFirst ? firstSeconds : isSweepDue ? recentSeconds : 0);
    if (isSweepDue) this.sweptAt = Date.now();
    if (report.recovered + report.unresolved + report.settled > 0)
      this.logger.log(report, 'lost answers resolved');
  }
}
