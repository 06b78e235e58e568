import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a state, however fast the machine is. @throws Error with `what` when it does not come */
export async function until(
  holds: () => unknown,
  { what = 'what was waited for', withinMs = 30_000 } = {},
): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(50);
  }
}
