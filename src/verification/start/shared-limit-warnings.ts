import { Injectable, Logger } from '@nestjs/common';
import type { EvaluatedRule } from './message-rules.js';

const EVERY_MS = 60_000;

interface Refusals {
  rule: string;
  /** Where the limit is one of a country. */
  country?: string;
  limit?: number;
  /** Since the previous warning. */
  refused: number;
}

/**
 * Warns when a limit that everybody shares refuses messages: a budget or a limit of a country or prefix that is used up is an
 * outage for people who have done nothing. The first refusal is logged at once, further ones once a minute with their number.
 */
@Injectable()
export class SharedLimitWarnings {
  private readonly logger = new Logger('MessageLimits');
  private readonly refusals = new Map<string, Refusals>();
  private timer: NodeJS.Timeout | undefined;

  /** Counts a refusal, if it was a shared limit that refused. */
  note(deciding: string, rules: readonly EvaluatedRule[], country?: string | null): void {
    // Only limits for everybody have an amount.
    const shared = rules.find(
      ({ rule, outcome, amount }) => rule === deciding && outcome === 'refuse' && amount,
    );
    if (!shared) return;
    const where = deciding === 'budget' || !country ? {} : { country };
    const key = `${deciding} ${where.country ?? ''}`;
    const known = this.refusals.get(key) ?? { rule: deciding, ...where, limit: shared.limit!, refused: 0 };
    this.refusals.set(key, { ...known, refused: known.refused + 1 });
    if (!this.timer) this.warn();
  }

  private warn(): void {
    this.timer = undefined;
    if (this.refusals.size === 0) return;
    for (const refusals of this.refusals.values())
      this.logger.warn(refusals, 'a limit for everybody is used up, messages are refused');
    this.refusals.clear();
    this.timer = setTimeout(() => this.warn(), EVERY_MS).unref();
  }
}
