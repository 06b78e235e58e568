import { Inject, Injectable } from '@nestjs/common';
import { PersonalDataCipher } from '../../crypto/index.js';
import { addressBucket } from '../../http/index.js';
import {
  CONFIRMED,
  CountersRepository,
  countryRule,
  type MessageAttempt,
  type MessageRule,
  MessageRules,
  type RuleMode,
  type SharedReceipt,
  type SharedRule,
  VERIFICATION_POLICY,
  type VerificationPolicy,
  type WindowRule,
} from '../../verification/index.js';
import { Allowances } from '../allowances.js';
import { DestinationLists } from '../destination-lists.js';
import { MessagePrices } from '../message-prices.js';
import {
  type LimitWindow,
  PROTECTION_OPTIONS,
  type ResolvedProtection,
  type RuleName,
} from '../protection.options.js';
import { confirmedNumber, counterKeys, RESERVE } from './counter-keys.js';
import { blockListRule, numberTypeRule, stopRule } from './destination-rules.js';

/** An administrator decided on these explicitly: no general mode turns them off. */
const ALWAYS_ENFORCED: ReadonlySet<RuleName> = new Set(['number-type', 'country', 'block-list']);

const DAY_SECONDS = 86_400;

/**
 * Who may cause a message, by every rule of docs/protection.md that is not off. Numbers, users, sessions and addresses
 * are named by fingerprints only. A user's confirmed factors have limits of their own, and no limit that strangers can
 * use up applies to them: what others do to the number, the prefix or the network cannot lock a user out.
 */
@Injectable()
export class ProtectionRules extends MessageRules {
  constructor(
    private readonly cipher: PersonalDataCipher,
    private readonly prices: MessagePrices,
    private readonly lists: DestinationLists,
    private readonly allowances: Allowances,
    private readonly counters: CountersRepository,
    @Inject(PROTECTION_OPTIONS) private readonly options: ResolvedProtection,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {
    super();
  }

  async forMessage(attempt: MessageAttempt): Promise<MessageRule[]> {
    await this.lists.refresh();
    const rules = [
      ...this.ofDestination(attempt),
      ...(attempt.confirmed ? this.ofConfirmed(attempt) : this.ofStrangers(attempt)),
    ];
    return rules.filter(({ mode }) => mode !== 'off');
  }

  override async takeShared(rules: readonly SharedRule[]): Promise<SharedReceipt> {
    const fromReserve = await this.takeReserve(rules);
    if (fromReserve) return fromReserve;
    const taken: SharedRule[] = [];
    const giveBack = async () => taken.forEach((rule) => this.allowances.giveBack(rule, rule.amount));
    for (const rule of rules) {
      if (await this.allowances.take(rule, rule.amount)) {
        taken.push(rule);
      } else if (rule.mode === 'enforce') {
        await giveBack();
        return { lacking: rule, giveBack: async () => undefined };
      }
    }
    return { lacking: null, giveBack };
  }

  override async giveBackShared(rules: readonly SharedRule[]): Promise<void> {
    for (const rule of rules) await this.allowances.giveBackToday(rule, rule.amount);
  }

  override async lookAtShared(rule: SharedRule): Promise<{ isLeft: boolean; used: number }> {
    const state = await this.allowances.look(rule, rule.amount);
    if (state.isLeft || !rule.reserve) return state;
    const [reserve] = await this.counters.read([rule.reserve]);
    return { ...state, isLeft: (reserve?.used ?? 0) < rule.reserve.limit };
  }

  /** Each user has a few messages a day outside the budgets, so that others cannot use up the messages that a user signs in with. */
  private async takeReserve(rules: readonly SharedRule[]): Promise<SharedReceipt | null> {
    const reserve = rules.find((rule) => rule.reserve)?.reserve;
    if (!reserve) return null;
    await this.counters.carryOver([reserve]);
    const { counters, moment } = await this.counters.take([reserve]);
    if (counters === 0) return null;
    return { lacking: null, giveBack: () => this.counters.giveBack([reserve], moment) };
  }

  private ofDestination(attempt: MessageAttempt): MessageRule[] {
    const { allowVoip, conversion } = this.options;
    return [
      numberTypeRule(this.named('number-type'), attempt, allowVoip),
      countryRule(this.policy.allowedCountries, attempt.phone, this.modeOf('country')),
      blockListRule(this.named('block-list'), attempt, this.lists),
      // A signed-in user's confirmed factors and enrolments do not depend on what strangers do.
      ...(conversion && !attempt.confirmed && !attempt.caller.userId
        ? [
            stopRule(this.named('prefix-conversion'), attempt, this.lists, 'prefix'),
            stopRule(this.named('country-conversion'), attempt, this.lists, 'country'),
          ]
        : []),
    ];
  }

  /**
   * A caller without a user or a session still has an address, which is the coarser rule and always applies. Callers
   * without a known address share the counter `unknown`: a rule whose input is missing never passes for that reason.
   */
  private ofStrangers({ phone, channel, caller }: MessageAttempt): MessageRule[] {
    const { options } = this;
    const { userId, sessionId } = caller;
    const { country } = phone;
    const prefixKey = counterKeys(this.cipher, 'prefix', phone.prefix).key.toString('base64url');
    const price = this.prices.of(country, channel);
    return [
      ...this.ofNumber('number', phone.e164),
      ...(userId ? this.windows('user-limit', 'user', userId, options.user) : []),
      ...(sessionId ? this.windows('session-limit', 'session', sessionId, options.session) : []),
      ...this.windows('address-limit', 'address', addressBucket(caller.address ?? ''), options.address),
      ...this.shared('prefix-limit', 'prefix', prefixKey, options.prefixPerDay, 1),
      ...this.shared('country-limit', 'country', country, options.countryPerDay, 1),
      ...this.shared('budget', 'budget', 'all', options.budgetPerDay, price),
      ...this.shared('country-budget', 'country-budget', country, options.budgetPerCountryPerDay, price),
    ];
  }

  private ofConfirmed({ phone, channel, caller }: MessageAttempt): MessageRule[] {
    const { options } = this;
    const userId = caller.userId!;
    const price = this.prices.of(phone.country, channel);
    const reserve = this.reserveOf(userId);
    return [
      ...this.ofNumber(`${CONFIRMED}number`, confirmedNumber(phone.e164, userId)),
      ...this.windows('user-limit', `${CONFIRMED}user`, userId, options.user),
      ...[
        ...this.shared('budget', `${CONFIRMED}budget`, 'all', options.budgetPerDay, price),
        ...this.shared(
          'country-budget',
          `${CONFIRMED}country-budget`,
          phone.country,
          options.budgetPerCountryPerDay,
          price,
        ),
      ].map((rule) => (reserve ? { ...rule, reserve } : rule)),
    ];
  }

  private reserveOf(userId: string): WindowRule | null {
    const limit = this.options.userReservePerDay;
    if (!limit) return null;
    return {
      rule: 'budget',
      mode: 'enforce',
      code: 'rate-limited',
      kind: 'window',
      scope: RESERVE,
      ...counterKeys(this.cipher, RESERVE, userId),
      limit,
      seconds: DAY_SECONDS,
    };
  }

  private ofNumber(scope: string, text: string): WindowRule[] {
    const { numberCooldownSeconds: seconds, number } = this.options;
    const cooldown = seconds ? this.windows('number-cooldown', scope, text, [{ limit: 1, seconds }]) : [];
    return [
      // A scope of its own: a limit may have a window of the same length.
      ...cooldown.map((rule) => ({ ...rule, code: 'cooldown' as const, scope: `${scope}-cooldown` })),
      ...this.windows('number-limit', scope, text, number),
    ];
  }

  private windows(
    rule: RuleName,
    scope: string,
    text: string,
    windows: readonly LimitWindow[] | null,
  ): WindowRule[] {
    const keys = counterKeys(this.cipher, scope, text);
    return (windows ?? []).map(({ limit, seconds }) => ({
      ...this.named(rule),
      code: 'rate-limited',
      kind: 'window',
      scope,
      ...keys,
      limit,
      seconds,
    }));
  }

  private shared(
    rule: RuleName,
    scope: string,
    key: string,
    limit: number | null,
    amount: number,
  ): SharedRule[] {
    if (limit === null) return [];
    return [{ ...this.named(rule), code: 'rate-limited', kind: 'shared', scope, key, limit, amount }];
  }

  private named(rule: RuleName): { rule: RuleName; mode: RuleMode } {
    return { rule, mode: this.modeOf(rule) };
  }

  private modeOf(rule: RuleName): RuleMode {
    return this.options.modes[rule] ?? (ALWAYS_ENFORCED.has(rule) ? 'enforce' : this.options.mode);
  }
}
