import { inShort, OnRequest, type Command } from './commands.js';
import type { Trial } from './trial.js';
import { inWords, type World } from './world.js';

const only = (words: string[], expected: RegExp[]) => {
  const fits = expected.every((each, index) => each.test([...words].sort()[index]!));
  if (!fits || words.length !== expected.length)
    throw new Error(`the race was answered ${words.join(' and ')}`);
};
const noFaults = ({ state }: Trial, number: number) =>
  Object.keys(state.numbers[number]!.faults).length === 0;

/** The owner's right code by both instances at once: one is accepted, the other is told so or asked to wait. */
export class BothCheckRight extends OnRequest {
  override check(trial: Trial): boolean {
    return super.check(trial) && isReady(trial, (state) => this.in(state)) && noFaults(trial, this.on.number);
  }

  async run(trial: Trial, world: World): Promise<void> {
    const { id, owner, providerId } = this.in(trial.state);
    const code = world.code(this.on.number, providerId, true);
    await trial.race(async () => {
      const answers = await Promise.all([0, 1].map((via) => world.check(id!, code, owner, via)));
      only(answers.map(inWords), [/^200 VERIFIED$/, /^409 (already-verified|check-in-progress)$/]);
      return [{ rule: (rules, state) => rules.check(this.in(state), owner, true) }];
    });
  }

  toString = () => `BothCheckRight(${inShort({ ...this.on, stranger: false })})`;
}

/** A right code meets a cancel: one of them wins, never both. */
export class CheckAgainstCancel extends OnRequest {
  override check(trial: Trial): boolean {
    return super.check(trial) && isReady(trial, (state) => this.in(state)) && noFaults(trial, this.on.number);
  }

  async run(trial: Trial, world: World): Promise<void> {
    const { id, owner, providerId } = this.in(trial.state);
    const code = world.code(this.on.number, providerId, true);
    const { via } = this.on;
    await trial.race(async () => {
      const answers = await Promise.all([
        world.check(id!, code, owner, via),
        world.call('/cancel-otp', { requestId: id }, owner, 1 - via),
      ]);
      const words = answers.map(inWords);
      only(words, [/^200 (VERIFIED|CANCELLED)$/, /^(410 cancelled|409 already-verified)$/]);
      if (answers[0].status === 200)
        return [{ rule: (rules, state) => rules.check(this.in(state), owner, true) }];
      return [
        { rule: (rules, state) => rules.cancel(this.in(state), owner) },
        // The check had been claimed: its code counts, and the cancel wins nevertheless.
        ...[true, false].map((afterEffect) => ({
          death: { at: 'check' as const, afterEffect },
          rule: (...[rules, state]: Parameters<Parameters<Trial['foresee']>[0]>) => {
            rules.check(this.in(state), owner, true);
            return rules.cancel(this.in(state), owner);
          },
        })),
      ];
    });
  }

  toString = () => `CheckAgainstCancel(${inShort({ ...this.on, stranger: false })})`;
}

/** Both callers start the same free number at once: one gets it, the other has to wait. */
export class BothStart implements Command {
  constructor(private readonly number: number) {}

  check(trial: Trial): boolean {
    const before = trial.state.requests.length;
    const isFree = trial.foresee((rules, state) => {
      const expected = rules.start(this.number, 0);
      return expected === '200 PENDING' && state.requests.length > before;
    });
    return isFree === true && noFaults(trial, this.number);
  }

  async run(trial: Trial, world: World): Promise<void> {
    const phoneNumber = world.phones[this.number]!.e164;
    await trial.race(async () => {
      const answers = await Promise.all(
        [0, 1].map((caller) => world.call('/request-otp', { phoneNumber }, caller, caller)),
      );
      only(answers.map(inWords), [/^200 PENDING$/, /^409 phone-busy$/]);
      const winner = answers.findIndex(({ status }) => status === 200);
      return [{ rule: (rules) => rules.start(this.number, winner) }];
    });
  }

  toString = () => `BothStart(#${this.number})`;
}

/** Its right code would be accepted at once, without anything to be found out first. */
function isReady(trial: Trial, find: (state: Trial['state']) => Trial['state']['requests'][number]): boolean {
  const { inDoubt, claimed, owner } = find(trial.state);
  const expected = trial.foresee((rules, state) => rules.check(find(state), owner, true));
  return !inDoubt && !claimed && expected === '200 VERIFIED';
}
