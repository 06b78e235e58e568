import { setTimeout as sleep } from 'node:timers/promises';
import { freshNumber } from './application.js';
import type { World } from './chaos-world.js';
import { logIn, type Person } from './person.js';
import { times } from './times.js';
import { until } from './until.js';

const PEOPLE_AT_ONCE = 8;
const CALM_MS = 2000;

/** The result of an attack. */
export interface Attack {
  people: Person[];
  /** From the end of the attack until every instance sends a message and accepts its code. */
  recoveryMs: number;
}

/** Attacks something while people log in. @throws Error if an instance does not work again within `recoveryLimitMs` */
export async function attackUnderLoad(
  world: World,
  attack: () => Promise<unknown>,
  recoveryLimitMs: number,
): Promise<Attack> {
  /** The instance sends a message and accepts its code. */
  const works = async (instance: World['cluster']['instances'][number]) => {
    const phoneNumber = freshNumber();
    const answer = await world.start(phoneNumber, instance);
    if (answer?.status !== 200) return false;
    const code = world.codeFor(phoneNumber)!;
    return (await world.check(answer.body['requestId'] as string, code, 'right', instance))?.status === 200;
  };
  const over = new AbortController();
  const people: Person[] = [];
  const crowd = times(PEOPLE_AT_ONCE, async (index) => {
    try {
      while (!over.signal.aborted)
        people.push(await logIn(world, freshNumber(), { wrongFirst: index % 2 === 0, withinMs: 90_000 }));
    } finally {
      over.abort();
    }
  });
  const attacked = async () => {
    await until(() => people.some(({ ending }) => ending === 'verified') || over.signal.aborted);
    await sleep(CALM_MS);
    await attack();
    const since = performance.now();
    await Promise.all(
      world.cluster.instances.map((instance) =>
        until(() => works(instance), {
          what: `instance ${instance.index} works again`,
          withinMs: recoveryLimitMs,
        }),
      ),
    );
    const recovery = performance.now() - since;
    await sleep(CALM_MS);
    return recovery;
  };
  const recoveryMs = await attacked().finally(() => over.abort());
  await crowd;
  await world.settled();
  return { people, recoveryMs };
}
