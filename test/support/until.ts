import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a state, however fast the machine is. @throws Error when it does not come */
export async function until(what: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  while (!(await what())) {
    if (Date.now() > giveUpAt) throw new Error('it did not happen in time');
    await sleep(50);
  }
}
