import { wrongCode } from './application.js';
import type { Reply, World } from './chaos-world.js';

/** How it ended for somebody who does not give up easily. */
export type Ending =
  | 'verified'
  /** The request ended before a code was accepted: an answer of the provider was lost on the way, or attempts were. */
  | 'ended'
  | 'gave-up';

export interface Person {
  phoneNumber: string;
  requestId?: string;
  ending: Ending;
}

const PAUSE_MS = 150;
const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));

/**
 * Somebody who wants to log in while the system is attacked: asks for a code, waits for the message, types it, and
 * tries again elsewhere whenever there is no answer or one that says "later".
 * @param wrongFirst types a wrong code before the right one
 */
export async function logIn(
  world: World,
  phoneNumber: string,
  { withinMs = 60_000, wrongFirst = false } = {},
): Promise<Person> {
  const giveUpAt = performance.now() + withinMs;
  const person: Person = { phoneNumber, ending: 'gave-up' };
  const keepTrying = async (step: () => Promise<Ending | 'next' | 'again'>): Promise<Ending | 'next'> => {
    while (performance.now() < giveUpAt) {
      const outcome = await step();
      if (outcome !== 'again') return outcome;
      await pause();
    }
    return 'gave-up';
  };

  const asked = await keepTrying(async () => {
    const answer = await world.start(phoneNumber);
    if (answer?.status !== 200) return 'again';
    person.requestId = answer.body['requestId'] as string;
    return 'next';
  });
  const sent =
    asked === 'next' ? await keepTrying(async () => readiness(await world.read(person.requestId!))) : asked;
  if (sent !== 'next') return { ...person, ending: sent };

  const code = world.codeFor(phoneNumber);
  if (code === undefined) throw new Error(`${person.requestId} can be verified but nothing was sent`);
  if (wrongFirst) await world.check(person.requestId!, wrongCode(code), 'wrong');
  const checked = await keepTrying(async () => endingOf(await world.check(person.requestId!, code, 'right')));
  return { ...person, ending: checked === 'next' ? 'gave-up' : checked };
}

/** Whether a code can be typed. */
function readiness(answer: Reply): 'next' | 'ended' | 'again' {
  if (answer?.status !== 200) return 'again';
  if ((answer.body['actions'] as string[]).includes('verify')) return 'next';
  return answer.body['status'] === 'PENDING' ? 'again' : 'ended';
}

function endingOf(answer: Reply): Ending | 'again' {
  if (answer?.status === 200 || answer?.body['code'] === 'already-verified') return 'verified';
  return answer?.status === 410 ? 'ended' : 'again';
}
