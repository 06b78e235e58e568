import type { Logger } from '@nestjs/common';

/** The longest delay that a timer of Node takes. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * Work that every instance repeats on its own, one round at a time. Delays are jittered, so that instances that started
 * together do not work at the same moment. A round that fails is logged, and the next one follows as usual.
 */
export class BackgroundWork {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  /** @param round may return the delay until the next round in milliseconds */
  constructor(
    private readonly logger: Logger,
    private readonly everyMs: number,
    private readonly round: () => Promise<number | void>,
  ) {}

  /** The delay between two rounds, `everyMs` on average. */
  private get delay(): number {
    return this.everyMs * (0.5 + Math.random());
  }

  /** Whether the work is stopping. A round of many steps checks this between them. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Starts the rounds. @param firstAfterMs the delay until the first one */
  start(firstAfterMs = this.delay): void {
    if (this.stopped) return;
    this.timer = setTimeout(
      () => {
        this.running = this.round()
          .catch((error: unknown) => {
            this.logger.warn(
              { kind: (error as { code?: string }).code ?? 'error' },
              'background job failed, will retry',
            );
          })
          .then((next) => this.start(next ?? this.delay));
      },
      Math.min(firstAfterMs, LONGEST_DELAY_MS),
    );
    this.timer.unref();
  }

  /** Stops, and waits for the round in progress. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
