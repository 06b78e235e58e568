import { describeRedisError } from '../../http/throttling/redis-connection.js';
import { optionalPackage } from '../../options/optional-package.js';
import type { Known } from './check-configuration.js';
import { type Finding, ok, wrong } from './finding.js';

const CHECK = 'redis';
const TIMEOUT_MS = 3000;

/** Whether throttles can be counted in Redis. */
export async function checkRedis({ variables: { REDIS_URL: url } }: Known): Promise<Finding[]> {
  if (!url) return [ok(CHECK, 'not used: REDIS_URL is not set')];
  const { Redis } = optionalPackage<typeof import('ioredis')>('ioredis')!;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // A call that fails for want of a connection does not say why.
  let reason: Error | undefined;
  redis.on('error', (error: Error) => (reason ??= error));
  try {
    await redis.connect();
    await redis.ping();
    const [, role] = /^role:(\w+)/m.exec(await redis.info('replication')) ?? [];
    return [
      role === 'slave'
        ? wrong(CHECK, 'this Redis is a read-only replica', 'Name the primary in REDIS_URL.')
        : ok(CHECK, 'it answers'),
    ];
  } catch (error) {
    const { cause, code } = describeRedisError(reason ?? (error as Error));
    return [
      wrong(CHECK, cause ?? code ?? 'it does not answer', 'Check REDIS_URL, its password and the network.'),
    ];
  } finally {
    redis.disconnect();
  }
}
