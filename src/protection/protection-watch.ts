import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DestinationStops, type Stop } from './destination-stops.js';
import { MessagePrices } from './message-prices.js';
import { RESOLVED_PROTECTION, type ResolvedProtection } from './protection.options.js';

const LEARN_EVERY_MS = 600_000;

/** Looks after what changes by itself: destinations that nobody verifies at, and prices. On every instance; nothing is done twice. */
@Injectable()
export class ProtectionWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ProtectionWatch.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private learnedAt = 0;

  constructor(
    private readonly stops: DestinationStops,
    private readonly prices: MessagePrices,
    @Inject(RESOLVED_PROTECTION) private readonly options: ResolvedProtection,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options.watchEverySeconds !== null) this.schedule(0);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** One round. @returns what has stopped in it */
  async runOnce(): Promise<Stop[]> {
    const stops = await this.stops.watch();
    if (Date.now() - this.learnedAt >= LEARN_EVERY_MS) {
      await this.prices.learn();
      this.learnedAt = Date.now();
    } else {
      await this.prices.reload();
    }
    return stops;
  }

  private schedule(delayMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.runOnce()
        .catch((error: unknown) => {
          this.logger.warn({ kind: (error as { code?: string }).code ?? 'error' }, 'a round was left out');
        })
        .finally(() => {
          // Jittered, so that instances which started together do not look together.
          const every = (this.options.watchEverySeconds ?? 0) * 1000;
          if (!this.stopped) this.schedule(every * (0.5 + Math.random()));
        });
    }, delayMs);
    this.timer.unref();
  }
}
