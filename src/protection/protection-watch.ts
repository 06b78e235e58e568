import { Inject, Injectable } from '@nestjs/common';
import { BackgroundJob } from '../background/background-job.js';
import { DestinationStops, type Stop } from './destination-stops.js';
import { MessagePrices } from './message-prices.js';
import { PROTECTION_OPTIONS, type ResolvedProtection } from './protection.options.js';

const LEARN_EVERY_MS = 600_000;

/** Stops destinations where too few verify, and learns prices. Runs on every instance; nothing is done twice. */
@Injectable()
export class ProtectionWatch extends BackgroundJob {
  private learnedAt = -Infinity;

  constructor(
    private readonly stops: DestinationStops,
    private readonly prices: MessagePrices,
    @Inject(PROTECTION_OPTIONS) { watchEverySeconds: every }: ResolvedProtection,
  ) {
    super(every && every * 1000, 0);
  }

  protected async round(): Promise<void> {
    await this.runOnce();
  }

  /** One round. @returns what has stopped in it */
  async runOnce(): Promise<Stop[]> {
    const stops = await this.stops.watch();
    if (performance.now() - this.learnedAt >= LEARN_EVERY_MS) {
      await this.prices.learn();
      this.learnedAt = performance.now();
    } else {
      await this.prices.reload();
    }
    return stops;
  }
}
