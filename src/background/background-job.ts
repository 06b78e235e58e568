import { AsyncLocalStorage } from 'node:async_hooks';
import { type BeforeApplicationShutdown, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { describeError, report } from '../diagnostics/index.js';

/** The longest delay that a timer of Node takes. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const neverStarts = new AsyncLocalStorage<true>();

/**
 * Creates an application whose background work never starts, for commands: they do only what they are asked for.
 * Every {@link BackgroundJob} that is constructed meanwhile belongs to it. Applications beside it are not affected.
 */
export const withoutBackgroundWork = <T>(create: () => T): T => neverStarts.run(true, create);

/**
 * A provider that repeats its work on every instance, one round at a time, from the start of the application to its end.
 * Delays are jittered, so that instances that started together do not work at the same moment. A round that fails is
 * logged, and the next one follows as usual.
 */
export abstract class BackgroundJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  protected readonly logger = new Logger(this.constructor.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  /** Whether the job is stopping. A round of many steps checks this between them. */
  protected isStopped = false;
  private readonly mayStart = !neverStarts.getStore();

  /**
   * @param everyMs the delay between two rounds, on average; null: there are none
   * @param firstAfterMs the delay until the first one; left out: as between the others
   */
  constructor(
    private readonly everyMs: number | null,
    private readonly firstAfterMs?: number,
  ) {}

  /** @returns the delay until the next round in milliseconds, where it is not the usual one */
  protected abstract round(): Promise<number | void>;

  /** What comes before the rounds of an application. Nothing where there are none. */
  protected async begin(): Promise<void> {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.everyMs === null) return;
    await this.begin();
    this.start(this.firstAfterMs);
  }

  /** Waits for the round in progress, before the connections to the database are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Whether there are rounds; never in a command. */
  get isStarted(): boolean {
    return this.timer !== undefined;
  }

  private get delay(): number {
    return (this.everyMs ?? 0) * (0.5 + Math.random());
  }

  private start(delay = this.delay): void {
    if (this.isStopped || !this.mayStart) return;
    const job = this.constructor.name;
    if (!this.isStarted) report({ type: 'background-started', job });
    this.timer = setTimeout(
      () => {
        const startedAt = performance.now();
        const ended = (isDone: boolean) => {
          const seconds = (performance.now() - startedAt) / 1000;
          report({ type: 'background', job, isDone, seconds });
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
      Math.min(delay, LONGEST_DELAY_MS),
    );
    this.timer.unref();
  }
}
