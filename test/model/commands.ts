import type fc from 'fast-check';
import {
  type Channel,
  type FaultKind,
  type FaultyOperation,
  requestAt,
  type RequestState,
  type State,
} from './state.js';
import type { Trial } from './trial.js';
import type { World } from './world.js';

/** What every command is to fast-check; the same object may run in many sequences. */
export type Command = fc.AsyncCommand<Trial, World>;

/** A request by its number and how many newer ones that has; who acts on it, and through which instance. */
export interface Target {
  number: number;
  age: number;
  /** The other caller than the one that it answers to. */
  stranger: boolean;
  via: number;
}

const NAMES = ['A', 'B'];
/** `#1` is the newest request of number 1, `#1-2` the third newest. */
export const inShort = ({ number, age, stranger }: Target) =>
  `#${number}${age > 0 ? `-${age}` : ''}${stranger ? ' by a stranger' : ''}`;

export class Start implements Command {
  constructor(private readonly on: { number: number; caller: number; via: number }) {}

  /** Somebody whose message is just being sent is kept waiting for two seconds: that is for other tests. */
  check({ state, world }: Trial): boolean {
    const newest = requestAt(state, this.on.number, 0);
    return newest?.status !== 'SENDING' || newest.sendLeaseUntil! < world.now() - 2;
  }

  async run(trial: Trial, world: World): Promise<void> {
    const { number, caller, via } = this.on;
    const phoneNumber = world.phones[number]!.e164;
    await trial.call(
      (rules) => rules.start(number, caller),
      () => world.call('/request-otp', { phoneNumber }, caller, via),
    );
  }

  toString = () => `Start(#${this.on.number} by ${NAMES[this.on.caller]})`;
}

/** Something that a caller does to a request; only if there is one. */
export abstract class OnRequest implements Command {
  constructor(protected readonly on: Target) {}

  check({ state }: Trial): boolean {
    return requestAt(state, this.on.number, this.on.age) !== null;
  }

  abstract run(trial: Trial, world: World): Promise<void>;
  abstract toString(): string;

  protected in(state: State): RequestState {
    return requestAt(state, this.on.number, this.on.age)!;
  }

  protected callerIn(state: State): number {
    const { owner } = this.in(state);
    return this.on.stranger ? 1 - owner : owner;
  }
}

export class Check extends OnRequest {
  constructor(
    on: Target,
    private readonly right: boolean,
  ) {
    super(on);
  }

  async run(trial: Trial, world: World): Promise<void> {
    const { number, via } = this.on;
    const caller = this.callerIn(trial.state);
    const { id, providerId } = this.in(trial.state);
    const code = world.code(number, providerId, this.right);
    await trial.call(
      (rules, state) => rules.check(this.in(state), caller, this.right),
      () => world.check(id!, code, caller, via),
    );
  }

  toString = () => `Check${this.right ? 'Right' : 'Wrong'}(${inShort(this.on)})`;
}

export class Resend extends OnRequest {
  constructor(
    on: Target,
    private readonly channel: Channel,
  ) {
    super(on);
  }

  async run(trial: Trial, world: World): Promise<void> {
    const { via } = this.on;
    const caller = this.callerIn(trial.state);
    const { channel } = this;
    const requestId = this.in(trial.state).id;
    await trial.call(
      (rules, state) => rules.resend(this.in(state), caller, channel),
      () => world.call('/resend-otp', { requestId, channel }, caller, via),
    );
  }

  toString = () => `Resend(${inShort(this.on)}, ${this.channel})`;
}

export class Cancel extends OnRequest {
  async run(trial: Trial, world: World): Promise<void> {
    const { via } = this.on;
    const caller = this.callerIn(trial.state);
    const requestId = this.in(trial.state).id;
    await trial.call(
      (rules, state) => rules.cancel(this.in(state), caller),
      () => world.call('/cancel-otp', { requestId }, caller, via),
    );
  }

  toString = () => `Cancel(${inShort(this.on)})`;
}

export class Look extends OnRequest {
  async run(trial: Trial, world: World): Promise<void> {
    const { via } = this.on;
    const caller = this.callerIn(trial.state);
    const { id } = this.in(trial.state);
    await trial.call(
      (rules, state) => rules.look(this.in(state), caller),
      () => world.look(id!, caller, via),
    );
  }

  toString = () => `Look(${inShort(this.on)})`;
}

/** More than any wait of the provider and any lease. */
export const A_WHILE = 35;
/** More than a request lives. */
export const A_LIFETIME = 305;

/** Lets time pass for the rows of the sequence and at the provider alike. */
export class Pass implements Command {
  constructor(private readonly seconds: number) {}

  check = () => true;

  async run(trial: Trial, world: World): Promise<void> {
    await trial.compare(
      () => null,
      async () => {
        await world.pass(this.seconds);
        return null;
      },
    );
  }

  toString = () => (this.seconds === A_LIFETIME ? 'Expire' : `AdvanceProvider(${this.seconds})`);
}

export class LoseNextAnswer implements Command {
  constructor(
    private readonly number: number,
    private readonly operation: FaultyOperation,
    private readonly kind: FaultKind,
  ) {}

  check({ state }: Trial): boolean {
    return state.numbers[this.number]!.faults[this.operation] === undefined;
  }

  async run({ state }: Trial, world: World): Promise<void> {
    await world.fault(this.number, this.operation, this.kind);
    state.numbers[this.number]!.faults[this.operation] = this.kind;
  }

  toString = () => `LoseNextAnswer(#${this.number}, ${this.operation}, ${this.kind})`;
}

export class Reconcile implements Command {
  constructor(private readonly via: number) {}

  check = () => true;

  async run(trial: Trial, world: World): Promise<void> {
    await trial.compare(
      (rules) => rules.reconcile(),
      () => world.reconcile(this.via),
    );
  }

  toString = () => 'Reconcile';
}
