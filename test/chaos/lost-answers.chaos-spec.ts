import { freshNumber } from '../support/application.js';
import { startWorld, type World } from '../support/chaos-world.js';
import { logIn } from '../support/person.js';
import { times } from '../support/times.js';

const EACH = 50;

describe('the message goes out and the answer is lost, 100 times', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());
  afterEach(async () => expect(await world.violations()).toEqual([]));

  const everybodyGetsIn = async (numbers: string[]) => {
    const people = await Promise.all(numbers.map((phoneNumber) => logIn(world, phoneNumber)));
    expect(people.filter(({ ending }) => ending !== 'verified')).toEqual([]);
    for (const phoneNumber of numbers) expect(world.sandbox.ledger(phoneNumber)).toHaveLength(1);
  };

  it('by the provider: one message each, and the same code works', async () => {
    const numbers = Array.from({ length: EACH }, freshNumber);
    for (const to of numbers) await world.fault({ kind: 'lost-answer', operation: 'start', to });
    await everybodyGetsIn(numbers);
    const faults = (await (await fetch(`${world.sandbox.url}/faults`)).json()) as { used: number }[];
    expect(faults.map(({ used }) => used)).toEqual(numbers.map(() => 1));
  });

  it('by the network, nobody asks again, and the reconciler finds every one', async () => {
    const numbers = Array.from({ length: EACH }, freshNumber);
    world.network.mode({ kind: 'truncate', afterBytes: 20 });
    const answers = await times(EACH, (index) => world.start(numbers[index]!));
    expect(answers.filter((answer) => answer?.status !== 503)).toEqual([]);
    const lost = numbers.filter((phoneNumber) => world.codeFor(phoneNumber) !== undefined);
    // A breaker may have spared the provider some of them.
    expect(lost.length).toBeGreaterThan(0);
    world.network.mode({ kind: 'pass' });

    await world.settled();
    await everybodyGetsIn(numbers);
  });
});
