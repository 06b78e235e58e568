import { Inject, Injectable } from '@nestjs/common';
import { CountersRepository, type CounterState, type Taken } from './counters.repository.js';
import {
  type EvaluatedRule,
  type MessageRule,
  MessageRules,
  NOTHING_TAKEN,
  type SharedReceipt,
  type SharedRule,
} from './message-rules.js';
import { MESSAGE_RULES } from '../verification.options.js';

/** What one message has taken of its limits. */
export interface Charge {
  rules: readonly MessageRule[];
  taken: Taken;
  shared: SharedReceipt;
}

/** An evaluated rule with what a refusal needs. */
export interface RuleResult {
  rule: MessageRule;
  refuses: boolean;
  freeAt: Date | null;
  evaluated: EvaluatedRule;
}

const isShared = (rule: MessageRule): rule is SharedRule => rule.kind === 'shared';

/** A rule that needs no counting to refuse. */
const refusesOutright = (rule: MessageRule) => (rule.kind === 'fact' ? rule.refuses : rule.limit === 0);

/** Takes, gives back and explains what a message needs of its limits. */
@Injectable()
export class MessageLimits {
  constructor(
    private readonly counters: CountersRepository,
    @Inject(MESSAGE_RULES) private readonly messageRules: MessageRules,
  ) {}

  /** @returns null when a rule refuses that needs no counting, or when a limit for everybody is used up */
  async takeShared(rules: readonly MessageRule[]): Promise<SharedReceipt | null> {
    if (rules.some((rule) => rule.mode === 'enforce' && refusesOutright(rule))) return null;
    const shared = rules.filter(isShared);
    const receipt = shared.length > 0 ? await this.messageRules.takeShared(shared) : NOTHING_TAKEN;
    return receipt.lacking ? null : receipt;
  }

  /** Takes everything at once, for a message that has a request already. @returns null when a rule refuses */
  async take(rules: readonly MessageRule[]): Promise<Charge | null> {
    const shared = await this.takeShared(rules);
    if (!shared) return null;
    const taken = await this.counters.take(rules);
    const charge = { rules, taken, shared };
    const windows = rules.filter(({ kind }) => kind === 'window').length;
    if (taken.counters === windows) return charge;
    await this.giveBack(charge, 'everything');
    return null;
  }

  /**
   * Gives back what a message took, because it was not sent.
   * - `everything`: the start itself was refused
   * - `our-fault`: the provider did not act. An address gets nothing back: its limit is what ends a loop of tries that cost nothing.
   * - `destination`: the provider will not send there. Whoever tries again and again uses up their own tries, not the budget of others.
   */
  async giveBack(
    { rules, taken, shared }: Charge,
    what: 'everything' | 'our-fault' | 'destination',
  ): Promise<void> {
    await shared.giveBack();
    if (taken.counters === 0 || what === 'destination') return;
    const counted = rules.filter(
      (rule) => rule.kind === 'window' && (what === 'everything' || rule.scope !== 'address'),
    );
    await this.counters.giveBack(counted, taken.moment);
  }

  /** The same for a message of the past, once its provider reports that it was never delivered. */
  async giveBackDestination(rules: readonly MessageRule[]): Promise<void> {
    await this.messageRules.giveBackShared(rules.filter(isShared));
  }

  /**
   * Every rule with its one deciding input, as it would be decided now.
   * @param now the database's clock
   */
  async evaluate(rules: readonly MessageRule[], now: Date): Promise<RuleResult[]> {
    const states = await this.counters.read(rules);
    return Promise.all(
      rules.map(async (rule) => {
        const { refuses, freeAt, input } = await this.inputOf(rule, states, now);
        const mode = rule.mode === 'record' ? ({ mode: 'record' } as const) : {};
        const outcome = refuses ? 'refuse' : 'pass';
        return { rule, refuses, freeAt, evaluated: { rule: rule.rule, ...mode, outcome, ...input } };
      }),
    );
  }

  private async inputOf(
    rule: MessageRule,
    states: CounterState[],
    now: Date,
  ): Promise<{ refuses: boolean; freeAt: Date | null; input: Partial<EvaluatedRule> }> {
    switch (rule.kind) {
      case 'fact':
        return {
          refuses: rule.refuses,
          freeAt: rule.freeAt ?? null,
          input: rule.input === undefined ? {} : { input: rule.input },
        };
      case 'window': {
        const { limit, seconds } = rule;
        const { used = 0, freeAt = null } =
          states.find((state) => isOf(state, rule.scope, seconds, rule.key)) ?? {};
        return { refuses: used >= limit, freeAt, input: { used, limit, seconds } };
      }
      case 'shared': {
        const { isLeft, used } = await this.messageRules.lookAtShared(rule);
        return {
          refuses: !isLeft,
          freeAt: midnightAfter(now),
          input: { used, limit: rule.limit, amount: rule.amount },
        };
      }
    }
  }
}

const isOf = (state: CounterState, scope: string, seconds: number, key: Buffer) =>
  state.scope === scope && state.seconds === seconds && state.key.equals(key);

/** The next midnight in UTC, when daily limits start again. */
function midnightAfter(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
}
