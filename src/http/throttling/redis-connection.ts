import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { assertInstalled, optionalPackage } from '../../options/optional-package.js';

/** After that a call counts as failed. */
const COMMAND_TIMEOUT_MS = 300;
/** Redis is not called for this long after a failed call. */
const PAUSE_MS = 1000;
const MAX_RETRY_MS = 2000;

/**
 * A connection to a Redis that may be unavailable. Calls fail fast, and after a failure no call is made for a second. Logs
 * once when Redis becomes unavailable and once when it is available again.
 */
export class RedisConnection {
  private readonly logger = new Logger('Redis');
  private pausedUntil = 0;
  private failedAt = -Infinity;
  private isUnavailable = false;
  readonly client: Redis;

  constructor(url: string) {
    assertInstalled('ioredis', 'The option `redisUrl` of SharedThrottlerStorage');
    const ioredis = optionalPackage<typeof import('ioredis')>('ioredis')!;
    this.client = new ioredis.Redis(url, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: 1000,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      // Jitter keeps instances from reconnecting all at once.
      retryStrategy: (tries) => Math.min(MAX_RETRY_MS, 50 * tries) * (0.5 + Math.random() / 2),
    });
    // Without a listener its errors would end the process. Failed calls are logged below.
    this.client.on('error', () => undefined);
  }

  /** Whether a call failed in the past so many milliseconds. Redis may have lost its counts since. */
  hasFailedWithin(ms: number): boolean {
    return Date.now() - this.failedAt < ms;
  }

  /** @returns null while Redis is unavailable */
  async call<T>(command: () => Promise<T>): Promise<T | null> {
    if (Date.now() < this.pausedUntil) return null;
    try {
      const answer = await command();
      // A response to a call from before the failure proves nothing.
      if (this.isUnavailable && Date.now() >= this.pausedUntil) {
        this.logger.log('Redis is available again, limits are shared');
        this.isUnavailable = false;
      }
      return answer;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.failedAt = Date.now();
      this.pausedUntil = this.failedAt + PAUSE_MS;
      const { code = error.message.split(' ', 1)[0] } = error as { code?: string };
      if (!this.isUnavailable)
        this.logger.warn({ code }, 'Redis is unavailable, each instance enforces its share of every limit');
      this.isUnavailable = true;
      return null;
    }
  }

  close(): void {
    this.client.disconnect();
  }
}
