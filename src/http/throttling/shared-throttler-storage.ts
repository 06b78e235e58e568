import { createHmac } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RedisConnection } from './redis-connection.js';

interface SharedThrottlerStorageOptions {
  /** @default none: every instance counts for itself */
  redisUrl?: string;
  /**
   * The number of instances that share the limits. While Redis is unavailable, each allows its share of a limit.
   * @default 1
   */
  instances?: number;
  /** The key that hashes phone numbers and addresses before they are sent to Redis. */
  secret: string | Buffer;
}

type StorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;
interface Counters {
  memory: RateLimiterMemory;
  redis: RateLimiterRedis | null;
}

/** The library's limiters only count here: this is more than any limit. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/**
 * Counts calls in windows that start with the first call: in Redis for all instances together, and also in memory. While
 * Redis is unavailable, memory decides, by this instance's share of the limit. Memory keeps limiting until a full window
 * has passed since the failure, because Redis may come back empty.
 */
export class SharedThrottlerStorage implements ThrottlerStorage, OnApplicationShutdown {
  private readonly connection: RedisConnection | null;
  private readonly instances: number;
  private readonly counters = new Map<number, Counters>();
  private readonly secret: string | Buffer;

  constructor({ redisUrl, instances = 1, secret }: SharedThrottlerStorageOptions) {
    this.connection = redisUrl ? new RedisConnection(redisUrl) : null;
    this.instances = instances;
    this.secret = secret;
  }

  /**
   * Counts a request, in Redis where there is one.
   * @param ttl length of the window in milliseconds
   */
  async increment(key: string, ttl: number, limit: number): Promise<StorageRecord> {
    const { memory, redis } = this.countersOf(ttl);
    const name = redis ? this.pseudonymOf(key) : key;
    const own = await consumed(memory.consume(name));
    const shared = redis && (await this.connection!.call(() => consumed(redis.consume(name))));
    const isAlone = redis !== null && (!shared || this.connection!.hasFailedWithin(ttl));
    const share = isAlone ? Math.max(1, Math.floor(limit / this.instances)) : limit;
    const leftOfOwn = share - own.consumedPoints;
    const leftOfShared = shared ? limit - shared.consumedPoints : Infinity;
    const isBlocked = limit === 0 || Math.min(leftOfOwn, leftOfShared) < 0;
    const decisive = shared && leftOfShared < leftOfOwn ? shared : own;
    const seconds = Math.max(1, Math.ceil(decisive.msBeforeNext / 1000));
    return {
      // The guard reports the limit minus this as what is left.
      totalHits: limit - Math.min(leftOfOwn, leftOfShared),
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
    };
  }

  onApplicationShutdown(): void {
    this.connection?.close();
  }

  private pseudonymOf(key: string): string {
    return createHmac('sha256', this.secret).update(key).digest('base64url').slice(0, 22);
  }

  private countersOf(ttl: number): Counters {
    const known = this.counters.get(ttl);
    if (known) return known;
    const window = { points: UNLIMITED, duration: ttl / 1000 };
    const redis = this.connection
      ? new RateLimiterRedis({ ...window, storeClient: this.connection.client, keyPrefix: `throttle:${ttl}` })
      : null;
    const made = { memory: new RateLimiterMemory(window), redis };
    this.counters.set(ttl, made);
    return made;
  }
}

/** The library throws its result when a limit is exceeded. */
async function consumed(consuming: Promise<RateLimiterRes>): Promise<RateLimiterRes> {
  try {
    return await consuming;
  } catch (result) {
    if (result instanceof RateLimiterRes) return result;
    throw result;
  }
}
