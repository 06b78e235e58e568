import { createHmac } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RedisConnection } from './redis-connection.js';

export interface SharedThrottlerStorageOptions {
  /** Without it every instance counts for itself. */
  redisUrl?: string;
  /** How many instances share it: when Redis is away, each lets its share of a limit through. Defaults to 1. */
  instances?: number;
  /** What numbers and addresses are pseudonymised with before Redis sees them. */
  secret: string | Buffer;
}

type StorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;
interface Counters {
  memory: RateLimiterMemory;
  redis: RateLimiterRedis | null;
}

/** Of what this instance has counted itself: more than any limit, so that it only counts. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/**
 * Counts calls in windows that begin with the first one: in Redis for all instances together, and in memory besides.
 * Memory decides when Redis is away, by this instance's share of the limit; and until a window has passed since then it has
 * a say, too: a Redis that comes back empty gives nobody a second helping.
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

  /** @param ttl of the window, in milliseconds */
  async increment(key: string, ttl: number, limit: number): Promise<StorageRecord> {
    const { memory, redis } = this.countersOf(ttl);
    const name = redis ? this.pseudonymOf(key) : key;
    const own = await consumed(memory.consume(name));
    const shared = redis && (await this.connection!.ask(() => consumed(redis.consume(name))));
    const isAlone = redis !== null && (!shared || this.connection!.wasAwayWithin(ttl));
    const share = isAlone ? Math.max(1, Math.floor(limit / this.instances)) : limit;
    const leftOfOwn = share - own.consumedPoints;
    const leftOfShared = shared ? limit - shared.consumedPoints : Infinity;
    const isBlocked = limit === 0 || Math.min(leftOfOwn, leftOfShared) < 0;
    const decisive = shared && leftOfShared < leftOfOwn ? shared : own;
    const seconds = Math.max(1, Math.ceil(decisive.msBeforeNext / 1000));
    return {
      // What the guard takes from the limit to say what is left.
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

/** The library throws what is over its limit, which is a result here as well. */
async function consumed(consuming: Promise<RateLimiterRes>): Promise<RateLimiterRes> {
  try {
    return await consuming;
  } catch (result) {
    if (result instanceof RateLimiterRes) return result;
    throw result;
  }
}
