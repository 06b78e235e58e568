import type { Logger } from '@nestjs/common';

/** Timers hold no more than this. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * Work that every instance does on the database by itself, again and again: one round at a time, jittered, so that
 * instances which started together do not do it together. A round that fails is left out.
 */
export class BackgroundWork {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;

  /** @param round may say in how many milliseconds the next one shall be */
  constructor(
    private readonly logger: Logger,
    private readonly everyMs: number,
    private readonly round: () => Promise<number | void>,
  ) {}

  /** Between two rounds: `everyMs` on average. */
  private get delay(): number {
    return this.everyMs * (0.5 + Math.random());
  }

  /** It is to end: a round of many steps looks at this between them. */
  get isStopped(): boolean {
    return this.stopped;
  }

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

  /** Waits for the round under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
