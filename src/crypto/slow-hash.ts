import { availableParallelism } from 'node:os';
import * as argon2 from '@node-rs/argon2';
import { bulkhead, BulkheadRejectedError } from 'cockatiel';
import { Problem } from '../http/index.js';

/** Argon2 runs on the four threads of libuv. One of them stays free for files and name lookups. */
const CONCURRENT = Math.max(1, Math.min(3, availableParallelism()));
/** About two seconds of work at 40 ms each. Whoever comes later is asked to come back. */
const QUEUE_LENGTH = 100;
const RETRY_AFTER_SECONDS = 2;

const queue = bulkhead(CONCURRENT, QUEUE_LENGTH);

/** What all hash work of this process goes through: a few at a time, and no endless line of waiting calls. */
async function inQueue<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await queue.execute(work);
  } catch (error) {
    if (!(error instanceof BulkheadRejectedError)) throw error;
    throw Problem.http('service-unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
}

/**
 * Hashes a password or a code with argon2id.
 * @throws Problem `service-unavailable` when too many calls are waiting already
 */
export const hash = (...parameters: Parameters<typeof argon2.hash>): Promise<string> =>
  inQueue(() => argon2.hash(...parameters));

/**
 * Whether a password or a code belongs to an argon2 hash.
 * @throws Problem `service-unavailable` when too many calls are waiting already
 */
export const verify = (...parameters: Parameters<typeof argon2.verify>): Promise<boolean> =>
  inQueue(() => argon2.verify(...parameters));
