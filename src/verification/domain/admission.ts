import type { VerificationErrorCode } from './error-catalogue.js';
import type { Caller } from './caller.js';
import type { Channel, PhoneNumber } from './phone-number.js';

/** `record`: looked at and counted, and written into the record of the decision, but refuses nothing. */
export type RuleMode = 'off' | 'record' | 'enforce';

/** A message that somebody wants to cause. */
export interface MessageAttempt {
  phone: PhoneNumber;
  channel: Channel;
  /** The number is a factor that the caller's user has confirmed before. */
  confirmed: boolean;
  caller: Caller;
}

/**
 * One rule with what it is to look at, as the database function `weigh_rules` takes it, and the error `code` that it
 * refuses with. `keys` are fingerprints in base64: the first one is counted under, older ones (of keys that are being replaced) count too.
 * - `fixed`: decided already, `input` says by what
 * - `window`: at most `limit` messages in any `seconds` seconds
 * - `day`: at most `limit` a day (UTC), of which this message takes `amount`: messages, or money
 * - `block`: the block list, with everything that an entry can name
 * - `stop`: a destination that has stopped by itself
 */
export type AdmissionRule = { rule: string; mode: RuleMode; code: VerificationErrorCode } & (
  | { kind: 'fixed'; refuses: boolean; input: string }
  | { kind: 'window'; scope: string; keys: string[]; limit: number; seconds: number }
  | { kind: 'day'; scope: string; keys: string[]; limit: number; amount: number }
  | { kind: 'block'; number_keys: string[]; prefix: string; country: string; address: string | null }
  | { kind: 'stop'; scope: string; keys: string[] }
);

/** The same rule, weighed: its one deciding input, and what came of it. */
export interface WeighedRule {
  rule: string;
  /** Absent when the rule is enforced. */
  mode?: 'record';
  outcome: 'pass' | 'refuse';
  /** What a `fixed` rule or the block list went by. */
  input?: string;
  /** Of a limit: taken before this message. */
  used?: number;
  limit?: number;
  /** Length of a window. */
  seconds?: number;
  /** What this message takes of a day's limit. */
  amount?: number;
  /** Which bucket; the key is a fingerprint in base64. */
  scope?: string;
  key?: string;
}

/** Refusals that need no rule: the number has a live request; wrong codes are followed by a wait, or a lock. */
export type StandingRefusal = 'live-request' | 'wrong-codes' | 'lock';

/**
 * What came of a start. `joined`: the same caller has a live request for it, and gets that; `replacing`: a confirmed
 * user's live request of another purpose is to give way first.
 */
export interface Admission {
  outcome: 'allowed' | 'refused' | 'joined' | 'replacing';
  /** The rule that decided. */
  refusedBy: string | null;
  /** Seconds. */
  retryAfter: number | null;
}

/** The same, asked for by nobody: with everything that was looked at. */
export interface Simulation extends Admission {
  rules: WeighedRule[];
}

/** Buckets of a user's confirmed factors are named with this in front: they are quotas of their own. */
export const CONFIRMED = 'confirmed-';
const both = (scopes: string[]) => scopes.flatMap((scope) => [scope, CONFIRMED + scope]);

/** Counted in messages, and in money. */
const OF_MESSAGES = ['prefix', 'country', 'budget', 'country-budget'];
/** Counted in tries of somebody. */
const OF_PERSONS = ['number', 'user', 'session'];

/**
 * What is given back when no message came of a send. An address gets nothing back in any case: its limit is what ends a
 * loop of tries that cost nothing.
 */
export const GIVES_BACK = {
  /** The provider did not act, and that is nobody's fault here. */
  ourFault: both([...OF_MESSAGES, ...OF_PERSONS]),
  /** The provider will not send there: who tries again and again uses up his tries, not the budget of others. */
  destination: both(OF_MESSAGES),
} as const;

/**
 * Who may cause a message. Without another provider of this token everybody may; the protection module brings limits,
 * budgets and block lists. Rules are weighed in order, in the statement that writes the request.
 */
export abstract class AdmissionRules {
  abstract forMessage(attempt: MessageAttempt): AdmissionRule[];
}

/** Only countries that are served. Null serves all. */
export function countryRule(
  allowed: readonly string[] | null,
  { country }: PhoneNumber,
  mode: RuleMode = 'enforce',
): AdmissionRule {
  const refuses = allowed !== null && !allowed.includes(country);
  return { rule: 'country', mode, code: 'destination-not-allowed', kind: 'fixed', refuses, input: country };
}

/** What holds where no other {@link AdmissionRules} are. */
export class AllowedCountries extends AdmissionRules {
  constructor(private readonly allowed: readonly string[] | null) {
    super();
  }

  forMessage({ phone }: MessageAttempt): AdmissionRule[] {
    return [countryRule(this.allowed, phone)];
  }
}
