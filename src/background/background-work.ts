import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '@nestjs/common';
import { describeError, report } from '../diagnostics/index.js';

/** The longest delay that a timer of Node takes. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const neverStarts = new AsyncLocalStorage<true>();

/**
 * Creates an application whose background work never starts, for commands: they do only what they are asked for.
 * Every {@link BackgroundWork} that is constructed meanwhile belongs to it. Applications beside it are not affected.
 */
export const withoutBackgroundWork = <T>(create: () => T): T => neverStarts.run(true, create);

/**
 * Work that every instance repeats on its own, one round at a time. Delays are jittered, so that instances that started
 * together do not work at the same moment. A round that fails is logged, and the next one follows as usual.
 */
export class BackgroundWork {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private readonly mayStart = !neverStarts.getStore();

  /**
   * @param everyMs the delay between two rounds, on average; null: the work never starts
   * @param round may return the delay until the next round in milliseconds
   */
  constructor(
    private readonly logger: Logger,
    private readonly everyMs: number | null,
    private readonly round: () => Promise<number | void>,
  ) {}

  private get name(): string {
    return this.logger['context'] ?? 'other';
  }

  private get delay(): number {
    return (this.everyMs ?? 0) * (0.5 + Math.random());
  }

  /** Whether the work is stopping. A round of many steps checks this between them. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Whether the rounds were started; never in a command. */
  get isStarted(): boolean {
    return this.timer !== undefined;
  }

  /** Starts the rounds. @param firstAfterMs the delay until the first one */
  start(firstAfterMs = this.delay): void {
    if (this.everyMs === null || this.stopped || !this.mayStart) return;
    if (!this.isStarted) report({ type: 'background-started', job: this.name });
    this.timer = setTimeout(
      () => {
        const startedAt = performance.now();
        const ended = (isDone: boolean) => {
          const seconds = (performance.now() - startedAt) / 1000;
          report({ type: 'background', job: this.name, isDone, seconds });
        };
        this.running = this.round()
          .then((next) => {
            ended(true);
            return next;
          })
          .catch((error: unknown) => {
            ended(false);
            const kind = error instanceof Error ? error.name : typeof error;
            this.logger.warn({ kind, ...describeError(error) }, 'background job failed, will retry');
          })
          .then((next) => this.start(next ?? this.delay));
      },
      Math.min(firstAfterMs, LONGEST_DELAY_MS),
    );
    this.timer.unref();
  }

  /** Stops, and waits for the round in progress. To be called before the connections to the database are closed. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
