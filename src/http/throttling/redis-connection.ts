import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';

/** A call that takes longer is answered without Redis. */
const COMMAND_TIMEOUT_MS = 300;
/** How long it is left alone after a call that failed. */
const PAUSE_MS = 1000;
const LONGEST_RETRY_MS = 2000;

/**
 * A Redis that may be away. Nobody waits for it: a call that it does not answer at once says so, and for a second none is
 * made. Says once when it goes and once when it is back.
 */
export class RedisConnection {
  private readonly logger = new Logger('Redis');
  private pausedUntil = 0;
  private failedAt = -Infinity;
  private isAway = false;
  readonly client: Redis;

  constructor(url: string) {
    this.client = new Redis(url, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: 1000,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      // Jittered: instances that lost it together do not come back together.
      retryStrategy: (tries) => Math.min(LONGEST_RETRY_MS, 50 * tries) * (0.5 + Math.random() / 2),
    });
    // Without a listener its errors would end the process; what matters of them is said below.
    this.client.on('error', () => undefined);
  }

  /** Whether it has been away within the past so many milliseconds: it may have forgotten what it had counted. */
  wasAwayWithin(ms: number): boolean {
    return Date.now() - this.failedAt < ms;
  }

  /** @returns null when Redis is away */
  async ask<T>(question: () => Promise<T>): Promise<T | null> {
    if (Date.now() < this.pausedUntil) return null;
    try {
      const answer = await question();
      // An answer to a question from before the failure proves nothing.
      if (this.isAway && Date.now() >= this.pausedUntil) {
        this.logger.log('Redis is back: limits are shared again');
        this.isAway = false;
      }
      return answer;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.failedAt = Date.now();
      this.pausedUntil = this.failedAt + PAUSE_MS;
      const { code = error.message.split(' ', 1)[0] } = error as { code?: string };
      if (!this.isAway)
        this.logger.warn(
          { code },
          'Redis is away: every instance counts for itself, with its share of each limit',
        );
      this.isAway = true;
      return null;
    }
  }

  close(): void {
    this.client.disconnect();
  }
}
