import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 200;

/**
 * Repeats work that fails because the database is unavailable.
 * @param deadline by `performance.now()`
 * @returns the result, and whether an earlier try may have had its effect although it failed
 * @throws the last error, once the deadline has passed
 */
export async function retryUntil<Result>(
  deadline: number,
  work: () => Promise<Result>,
): Promise<{ result: Result; isRetried: boolean }> {
  for (let isRetried = false; ; isRetried = true) {
    try {
      return { result: await work(), isRetried };
    } catch (error) {
      if (performance.now() + PAUSE_MS >= deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
