import type { Caller } from '../domain/caller.js';
import type { VerificationErrorCode } from '../domain/error-catalogue.js';
import type { Channel, PhoneNumber } from '../domain/phone-number.js';

/** `record`: the rule is evaluated and counted, and what it would have refused is recorded, but it refuses nothing. */
export type RuleMode = 'off' | 'record' | 'enforce';

/** A message that somebody wants to cause. */
export interface MessageAttempt {
  phone: PhoneNumber;
  channel: Channel;
  /** The number is a factor that the caller's user has confirmed before. */
  confirmed: boolean;
  caller: Caller;
}

interface NamedRule {
  rule: string;
  mode: RuleMode;
  /** The problem that the caller gets when this rule refuses. */
  code: VerificationErrorCode;
}

/** Decided already, from what is in memory. */
export interface FactRule extends NamedRule {
  kind: 'fact';
  refuses: boolean;
  /** What it was decided by. */
  input?: string;
  /** When a retry is worth it. */
  freeAt?: Date;
}

/** At most `limit` messages in any `seconds` seconds, counted per `key` in the start's own statement. */
export interface WindowRule extends NamedRule {
  kind: 'window';
  scope: string;
  /** A fingerprint. */
  key: Buffer;
  /** The same under fingerprint keys that are being replaced. */
  olderKeys: Buffer[];
  limit: number;
  seconds: number;
}

/**
 * At most `limit` messages, or money, a day (UTC) for all who share a prefix, a country or the budget. Taken from an
 * allowance in memory.
 */
export interface SharedRule extends NamedRule {
  kind: 'shared';
  scope: string;
  /** A country, the fingerprint of a prefix, or `all`. */
  key: string;
  limit: number;
  /** What one message takes. */
  amount: number;
  /** Messages of one user that are outside this limit. While some are left, nothing is taken of the limit itself. */
  reserve?: WindowRule;
}

/** One rule that a message has to pass. */
export type MessageRule = FactRule | WindowRule | SharedRule;

/** A rule and how it was decided. */
export interface EvaluatedRule {
  rule: string;
  /** Absent when the rule is enforced. */
  mode?: 'record';
  outcome: 'pass' | 'refuse';
  /** What a fact was decided by. */
  input?: string;
  /** How much of the limit was used before this message. */
  used?: number;
  limit?: number;
  /** Length of a window. Absent for a limit a day. */
  seconds?: number;
  /** What this message takes of a limit for everybody. */
  amount?: number;
}

/** Counters of a user's confirmed factors have this in front of their scope: strangers cannot use them up. */
export const CONFIRMED = 'confirmed-';

/**
 * Decides who may cause a message. Without another provider of this token everybody may, in the countries of the policy.
 * `ProtectionModule` brings limits, budgets and block lists.
 */
export abstract class MessageRules {
  /** Every rule that applies to a message, in order. The first enforced one that refuses decides. */
  abstract forMessage(attempt: MessageAttempt): Promise<MessageRule[]>;

  /** Takes what a message needs of the limits that everybody shares: all or nothing. */
  async takeShared(_rules: readonly SharedRule[]): Promise<SharedReceipt> {
    return NOTHING_TAKEN;
  }

  /** Gives back what an earlier message took of these limits today, because it turned out not to have been sent. */
  async giveBackShared(_rules: readonly SharedRule[]): Promise<void> {}

  /** Whether {@link takeShared} would succeed for one rule now, and how much of its limit is used. */
  async lookAtShared(_rule: SharedRule): Promise<{ isLeft: boolean; used: number }> {
    return { isLeft: true, used: 0 };
  }
}

/** What came of {@link MessageRules.takeShared}. */
export interface SharedReceipt {
  /** The first rule that has not enough left; then nothing was taken. */
  lacking: SharedRule | null;
  /** Gives back what was taken, because nothing was sent. */
  giveBack(): Promise<void>;
}

export const NOTHING_TAKEN: SharedReceipt = { lacking: null, giveBack: async () => undefined };

/** Only countries that are served. Null serves all. */
export function countryRule(
  allowed: readonly string[] | null,
  { country }: PhoneNumber,
  mode: RuleMode = 'enforce',
): FactRule {
  const refuses = allowed !== null && !allowed.includes(country);
  return { rule: 'country', mode, code: 'destination-not-allowed', kind: 'fact', refuses, input: country };
}

/** The rules without `ProtectionModule`. */
export class AllowedCountries extends MessageRules {
  constructor(private readonly allowed: readonly string[] | null) {
    super();
  }

  async forMessage({ phone }: MessageAttempt): Promise<MessageRule[]> {
    return [countryRule(this.allowed, phone)];
  }
}
