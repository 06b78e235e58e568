import { inShort, OnRequest, type Command, type Target } from './commands.js';
import type { Death } from './rules.js';
import type { Channel } from './state.js';
import type { Trial } from './trial.js';
import type { World } from './world.js';

/** What the instance that dies is doing. */
export type Doing = { what: 'start' | 'check-right' | 'check-wrong' } | { what: 'resend'; channel: Channel };

/** Who starts what is not to be heard of. */
const STARTER = 0;

/** The second instance dies while it asks the provider for something; nobody gets an answer. */
export class Kill extends OnRequest {
  constructor(
    on: Target,
    private readonly doing: Doing,
    private readonly death: Death,
  ) {
    super({ ...on, stranger: false, via: 1 });
  }

  /** Only if it would come so far, and no other fault meets it on its way. */
  override check(trial: Trial): boolean {
    const isThere = this.doing.what === 'start' || super.check(trial);
    if (!isThere || !trial.world.instances.secondLives) return false;
    const { faults } = trial.state.numbers[this.on.number]!;
    return Object.keys(faults).length === 0 && trial.foresee(this.rule, this.death) === 'no answer';
  }

  async run(trial: Trial, world: World): Promise<void> {
    const { number } = this.on;
    const act = this.act(trial, world);
    await trial.compare(
      this.rule,
      async () => {
        await world.killDuring(number, this.death, act);
        return 'no answer';
      },
      this.death,
    );
    if (this.doing.what === 'check-wrong' && this.death.afterEffect) world.diedWith[number]! += 1;
  }

  toString(): string {
    const { at, afterEffect } = this.death;
    return `Kill(${inShort(this.on)}, ${this.doing.what}, ${afterEffect ? 'after' : 'before'} the provider's ${at})`;
  }

  private readonly rule: Parameters<Trial['foresee']>[0] = (rules, state) => {
    const { doing } = this;
    if (doing.what === 'start') return rules.start(this.on.number, STARTER);
    const caller = this.callerIn(state);
    if (doing.what === 'resend') return rules.resend(this.in(state), caller, doing.channel);
    return rules.check(this.in(state), caller, doing.what === 'check-right');
  };

  private act(trial: Trial, world: World): () => Promise<unknown> {
    const { number, via } = this.on;
    const { doing } = this;
    if (doing.what === 'start') {
      const phoneNumber = world.phones[number]!.e164;
      return () => world.call('/request-otp', { phoneNumber }, STARTER, via);
    }
    const caller = this.callerIn(trial.state);
    const { id, providerId } = this.in(trial.state);
    if (doing.what === 'resend') {
      const body = { requestId: id, channel: doing.channel };
      return () => world.call('/resend-otp', body, caller, via);
    }
    const code = world.code(number, providerId, doing.what === 'check-right');
    return () => world.check(id!, code, caller, via);
  }
}

export class Restart implements Command {
  check({ world }: Trial): boolean {
    return !world.instances.secondLives;
  }

  run(_trial: Trial, { instances }: World): Promise<void> {
    return instances.restart();
  }

  toString = () => 'Restart';
}
