import { Logger } from '@nestjs/common';
import type { Pool } from 'pg';

const SAMPLE_MS = 250;
/** A burst may queue for this long. It says nothing yet about how fast the queue moves. */
const BURST_MS = 1000;
/** So many samples in a row have to be late before the event loop counts as late. */
const LATE_SAMPLES = 4;
const LOG_EVERY_MS = 10_000;

/**
 * Estimates how long a new request would wait: for a connection to the database, from the length of the pool's queue and the
 * speed at which it moves, and for the event loop, from the delay that lasts.
 */
export class Overload {
  private readonly logger = new Logger('Overload');
  /** When the pool's queue was last empty. */
  private queuedSince = 0;
  /** How many connections it has handed out since. */
  private acquired = 0;
  private delays: number[] = [];
  private loggedAt = -Infinity;
  private sampledAt = performance.now();

  /** @param longestWaitMs requests are refused while they would wait longer */
  constructor(
    private readonly pool: Pool,
    private readonly longestWaitMs: number,
  ) {
    pool.on('acquire', () => (this.acquired += 1));
    setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  /** Whether a request that comes now would wait too long. */
  get isOverloaded(): boolean {
    const waitMs = this.waitForConnection + this.waitForEventLoop;
    if (waitMs <= this.longestWaitMs) return false;
    const now = performance.now();
    if (now - this.loggedAt > LOG_EVERY_MS) {
      this.loggedAt = now;
      this.logger.warn(
        { waitMs: Math.round(waitMs), queued: this.pool.waitingCount },
        'overloaded, refusing requests',
      );
    }
    return true;
  }

  private get waitForConnection(): number {
    const { waitingCount } = this.pool;
    const queuedForMs = performance.now() - this.queuedSince;
    if (waitingCount === 0) this.startCounting();
    if (waitingCount === 0 || queuedForMs < BURST_MS) return 0;
    return (waitingCount * queuedForMs) / Math.max(1, this.acquired);
  }

  private get waitForEventLoop(): number {
    return this.delays.length < LATE_SAMPLES ? 0 : Math.min(...this.delays);
  }

  private sample(): void {
    const now = performance.now();
    this.delays = [...this.delays, now - this.sampledAt - SAMPLE_MS].slice(-LATE_SAMPLES);
    this.sampledAt = now;
    if (this.pool.waitingCount === 0) this.startCounting();
  }

  private startCounting(): void {
    this.queuedSince = performance.now();
    this.acquired = 0;
  }
}
