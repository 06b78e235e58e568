import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { describeError, type ErrorCause, report } from '../../diagnostics/index.js';
import { assertInstalled, optionalPackage } from '../../options/optional-package.js';

/** After that a call counts as failed. */
const COMMAND_TIMEOUT_MS = 300;
/** Redis is not called for this long after a failed call. */
const PAUSE_MS = 1000;
const MAX_RETRY_MS = 2000;

/** The words for the names with which Redis begins its errors. */
const REDIS_CAUSES: Readonly<Record<string, string>> = {
  NOAUTH: 'Redis wants a password, and REDIS_URL has none',
  WRONGPASS: 'Redis refused the user or the password',
  NOPERM: 'the user of Redis lacks a permission',
  READONLY: 'this Redis is a read-only replica',
  LOADING: 'Redis is loading its data',
  MASTERDOWN: 'the replica has no connection to its primary',
  MISCONF: 'Redis cannot write its data to disk',
  OOM: 'Redis is out of memory',
  CLUSTERDOWN: 'the Redis cluster is down',
  NOSCRIPT: 'Redis has lost a script',
};

/** What ioredis says without a code. */
const CLIENT_CAUSES: Readonly<Record<string, string>> = {
  'Command timed out': 'Redis did not answer in time',
  'Stream isn': 'there is no connection to Redis',
  'Connection is closed': 'there is no connection to Redis',
  'Reached the max retries': 'there is no connection to Redis',
};

/** The cause of a failed call, for logs: never the whole message, which may quote the command. */
export function describeRedisError(error: Error): ErrorCause {
  const { message } = error;
  const reply = /^(?:ERR )?([A-Z]{4,})\b/.exec(message)?.[1];
  const name = reply && reply in REDIS_CAUSES ? reply : undefined;
  const known = Object.keys(CLIENT_CAUSES).find((text) => message.startsWith(text));
  const cause = name ? REDIS_CAUSES[name] : known && CLIENT_CAUSES[known];
  return {
    ...describeError(error),
    ...(name ? { code: name } : {}),
    ...(cause ? { cause } : {}),
  };
}

/**
 * A connection to a Redis that may be unavailable. Calls fail fast, and after a failure no call is made for a second. Logs
 * once when Redis becomes unavailable and once when it is available again.
 */
export class RedisConnection {
  private readonly logger = new Logger('Redis');
  private pausedUntil = 0;
  private failedAt = -Infinity;
  private isUnavailable = false;
  private connectionError: Error | undefined;
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
    // Without a listener its errors would end the process. Calls that fail for want of a connection do not say why it failed.
    this.client.on('error', (error: Error) => (this.connectionError = error));
    this.client.on('ready', () => (this.connectionError = undefined));
  }

  /** Whether a call failed within this many milliseconds. Redis may have lost its counts since. */
  hasFailedWithin(ms: number): boolean {
    return performance.now() - this.failedAt < ms;
  }

  /** @returns null while Redis is unavailable */
  async call<T>(command: () => Promise<T>): Promise<T | null> {
    if (performance.now() < this.pausedUntil) return null;
    try {
      const answer = await command();
      // A response to a call from before the failure proves nothing.
      if (this.isUnavailable && performance.now() >= this.pausedUntil) {
        this.logger.log('Redis is available again, limits are shared');
        this.isUnavailable = false;
        report({ type: 'redis', isAvailable: true });
      }
      return answer;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.failedAt = performance.now();
      this.pausedUntil = this.failedAt + PAUSE_MS;
      if (!this.isUnavailable)
        this.logger.warn(
          describeRedisError(this.connectionError ?? error),
          'Redis is unavailable, each instance enforces its share of every limit',
        );
      this.isUnavailable = true;
      report({ type: 'redis', isAvailable: false });
      return null;
    }
  }

  close(): void {
    this.client.disconnect();
  }
}
