import type { Answer } from '../support/client.js';
import { bindIds, differences } from './differences.js';
import { violations } from './invariants.js';
import { readRows, type Rows } from './rows.js';
import { type Death, type Expected, Rules } from './rules.js';
import { newState, type State } from './state.js';
import { inWords, type World } from './world.js';

/** A boundary in time may be met by so much earlier or later than the model thinks. */
const TOLERANCE = 1;

type Rule = (rules: Rules, state: State) => unknown;

/** The model beside the application: whatever is done to the one is done to the other, and both are compared. */
export class Trial {
  state: State;
  private before: Rows | null = null;

  constructor(
    readonly world: World,
    api: State['api'],
  ) {
    this.state = newState(api, world.phones.length);
  }

  /** What the rules would say now, without anything being done. */
  foresee(rule: Rule, death: Death | null = null): unknown {
    return apply(this.withProviders(), rule, this.world.now(), death).expected;
  }

  /** Calls the application and holds its answer, the database and the provider's records against the rule. */
  async call(rule: (rules: Rules, state: State) => Expected, act: () => Promise<Answer>) {
    await this.compare(rule, async () => inWords(await act()));
  }

  /** The same for whatever ends in something that can be written as text. */
  async compare(rule: Rule, act: () => Promise<unknown>, death: Death | null = null): Promise<void> {
    const state = this.withProviders();
    const from = this.world.now() - TOLERANCE;
    const actual = JSON.stringify(await act());
    const possible = [from, this.world.now() + TOLERANCE].map((now) => apply(state, rule, now, death));
    const fitting = possible.filter(({ expected }) => JSON.stringify(expected) === actual);
    const wanted = [...new Set(possible.map(({ expected }) => JSON.stringify(expected)))].join(' or ');
    const complaint = `it answered ${actual}, and should have answered ${wanted}`;
    if (fitting.length > 0) await this.settle(fitting);
    else await this.settle(possible, [complaint]);
  }

  /** A race: the state afterwards is that of one of the rules that it could have followed, whichever fits. */
  async race(act: () => Promise<{ rule: Rule; death?: Death }[]>): Promise<void> {
    const from = this.world.now() - TOLERANCE;
    const state = this.withProviders();
    const possible = await act();
    await this.settle(possible.map(({ rule, death = null }) => apply(state, rule, from, death)));
  }

  /** After everything that was done: what holds whatever happens, and what the model knows. */
  private async settle(candidates: { state: State }[], complaints: string[] = []): Promise<void> {
    const { world } = this;
    const rows = await readRows(world);
    const broken = violations(rows, this.before, world).map((line) => `BROKEN: ${line}`);
    this.before = rows;
    const unlike = candidates.map(({ state }) => {
      bindIds(state, rows, world);
      return differences(state, rows, world);
    });
    const fitting = candidates[unlike.findIndex((lines) => lines.length === 0)];
    if (fitting && broken.length + complaints.length === 0) this.state = fitting.state;
    else throw new Error([...broken, ...complaints, ...(fitting ? [] : unlike[0]!)].join('\n'));
  }

  private withProviders(): State {
    return { ...this.state, providers: this.world.providers() };
  }
}

function apply(from: State, rule: Rule, now: number, death: Death | null) {
  const state = structuredClone(from);
  return { expected: rule(new Rules(state, now, death), state), state };
}
