import { Inject, Injectable } from '@nestjs/common';
import { isIP } from 'node:net';
import { PersonalDataCipher } from '../database/personal-data-cipher.js';
import { addressBucket } from '../http/index.js';
import {
  type AdmissionRule,
  AdmissionRules,
  CONFIRMED,
  countryRule,
  type MessageAttempt,
  type RuleMode,
  VERIFICATION_POLICY,
  type VerificationPolicy,
} from '../verification/index.js';
import { bucketKeys, confirmedNumber } from './bucket-key.js';
import { MessagePrices } from './message-prices.js';
import {
  type LimitWindow,
  RESOLVED_PROTECTION,
  type ResolvedProtection,
  type RuleName,
} from './protection.options.js';

/** Somebody has said that these may not get messages: no general mode takes that back. */
const SAID_OUTRIGHT: ReadonlySet<RuleName> = new Set(['number-type', 'country', 'block-list']);

/**
 * Who may cause a message, by every rule of docs/protection.md that is not off. Numbers, users, sessions and addresses
 * are named by fingerprints only. A user's confirmed factors have quotas of their own, and no limit that strangers can
 * use up applies to them: nobody is kept out of an account by what others do to the number, the prefix or the network.
 */
@Injectable()
export class ProtectionRules extends AdmissionRules {
  constructor(
    private readonly cipher: PersonalDataCipher,
    private readonly prices: MessagePrices,
    @Inject(RESOLVED_PROTECTION) private readonly options: ResolvedProtection,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {
    super();
  }

  forMessage(attempt: MessageAttempt): AdmissionRule[] {
    const rules = [
      ...this.ofDestination(attempt),
      ...(attempt.confirmed ? this.ofConfirmed(attempt) : this.ofStrangers(attempt)),
    ];
    return rules.filter(({ mode }) => mode !== 'off');
  }

  private ofDestination({ phone, caller, confirmed }: MessageAttempt): AdmissionRule[] {
    const { allowVoip, conversion } = this.options;
    const refused = { code: 'destination-not-allowed' } as const;
    const stop = (rule: RuleName, scope: string, text: string): AdmissionRule => ({
      ...this.named(rule),
      ...refused,
      kind: 'stop',
      scope,
      keys: this.keys(scope, text),
    });
    return [
      {
        ...this.named('number-type'),
        ...refused,
        kind: 'fixed',
        refuses: phone.type === 'VOIP' && !allowVoip,
        input: phone.type ?? 'unknown',
      },
      countryRule(this.policy.allowedCountries, phone, this.modeOf('country')),
      {
        ...this.named('block-list'),
        ...refused,
        kind: 'block',
        number_keys: this.cipher
          .fingerprints('phone', phone.e164)
          .map((fingerprint) => fingerprint.toString('base64')),
        prefix: phone.prefix,
        country: phone.country,
        address: networkOf(caller.address),
      },
      ...(conversion && !confirmed
        ? [
            stop('prefix-conversion', 'prefix', phone.prefix),
            stop('country-conversion', 'country', phone.country),
          ]
        : []),
    ];
  }

  /**
   * A caller without a user or a session still has an address, which is the coarser rule and always applies. Callers
   * without a known address share the bucket `unknown`: a rule whose input is missing never passes for that reason.
   */
  private ofStrangers({ phone, channel, caller }: MessageAttempt): AdmissionRule[] {
    const { options } = this;
    const { userId, sessionId } = caller;
    const address = addressBucket(caller.address ?? '');
    return [
      ...this.ofNumber('number', phone.e164),
      ...(userId ? this.windows('user-limit', 'user', userId, options.user) : []),
      ...(sessionId ? this.windows('session-limit', 'session', sessionId, options.session) : []),
      ...this.windows('address-limit', 'address', address, options.address),
      ...this.day('prefix-limit', 'prefix', phone.prefix, options.prefixPerDay, 1),
      ...this.day('country-limit', 'country', phone.country, options.countryPerDay, 1),
      ...this.money('', phone.country, this.prices.of(phone.country, channel)),
    ];
  }

  private ofConfirmed({ phone, channel, caller }: MessageAttempt): AdmissionRule[] {
    const userId = caller.userId!;
    return [
      ...this.ofNumber(`${CONFIRMED}number`, confirmedNumber(phone.e164, userId)),
      ...this.windows('user-limit', `${CONFIRMED}user`, userId, this.options.user),
      ...this.money(CONFIRMED, phone.country, this.prices.of(phone.country, channel)),
    ];
  }

  private ofNumber(scope: string, text: string): AdmissionRule[] {
    const { numberCooldownSeconds: seconds, number } = this.options;
    const cooldown = seconds ? this.windows('number-cooldown', scope, text, [{ limit: 1, seconds }]) : [];
    return [
      ...cooldown.map((rule) => ({ ...rule, code: 'cooldown' as const })),
      ...this.windows('number-limit', scope, text, number),
    ];
  }

  private money(own: '' | typeof CONFIRMED, country: string, price: number): AdmissionRule[] {
    const { budgetPerDay, budgetPerCountryPerDay } = this.options;
    return [
      ...this.day('budget', `${own}budget`, 'all', budgetPerDay, price),
      ...this.day('country-budget', `${own}country-budget`, country, budgetPerCountryPerDay, price),
    ];
  }

  private windows(
    rule: RuleName,
    scope: string,
    text: string,
    windows: readonly LimitWindow[] | null,
  ): AdmissionRule[] {
    const keys = this.keys(scope, text);
    return (windows ?? []).map(({ limit, seconds }) => ({
      ...this.named(rule),
      code: 'rate-limited',
      kind: 'window',
      scope,
      keys,
      limit,
      seconds,
    }));
  }

  private day(
    rule: RuleName,
    scope: string,
    text: string,
    limit: number | null,
    amount: number,
  ): AdmissionRule[] {
    if (limit === null) return [];
    const keys = this.keys(scope, text);
    return [{ ...this.named(rule), code: 'rate-limited', kind: 'day', scope, keys, limit, amount }];
  }

  private named(rule: RuleName): { rule: RuleName; mode: RuleMode } {
    return { rule, mode: this.modeOf(rule) };
  }

  private modeOf(rule: RuleName): RuleMode {
    return this.options.modes[rule] ?? (SAID_OUTRIGHT.has(rule) ? 'enforce' : this.options.mode);
  }

  private keys(scope: string, text: string): string[] {
    return bucketKeys(this.cipher, scope, text).map((key) => key.toString('base64'));
  }
}

/** What Postgres takes as an address, or a /64; null for what is none. */
function networkOf(address: string | null | undefined): string | null {
  const bucket = address ? addressBucket(address) : '';
  return isIP(bucket.replace(/\/64$/, '')) ? bucket : null;
}
