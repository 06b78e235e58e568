import type { FactRule, MessageAttempt, RuleMode } from '../../verification/index.js';
import type { DestinationLists } from '../destination-lists.js';

type Named = { rule: string; mode: RuleMode };
const REFUSED = { code: 'destination-not-allowed', kind: 'fact' } as const;

/** Numbers of internet telephony, where they are not served. */
export function numberTypeRule(named: Named, { phone }: MessageAttempt, allowVoip: boolean): FactRule {
  const refuses = phone.type === 'VOIP' && !allowVoip;
  return { ...named, ...REFUSED, refuses, input: phone.type ?? 'unknown' };
}

/** Numbers, prefixes, countries and address ranges that an administrator has blocked. */
export function blockListRule(named: Named, attempt: MessageAttempt, lists: DestinationLists): FactRule {
  const block = lists.blockOf(attempt.phone, attempt.caller.address ?? null);
  return { ...named, ...REFUSED, refuses: block !== null, ...(block ? { input: block.id } : {}) };
}

/** Prefixes and countries that were stopped automatically. Messages to confirmed factors are exempt. */
export function stopRule(
  named: Named,
  { phone }: MessageAttempt,
  lists: DestinationLists,
  scope: 'prefix' | 'country',
): FactRule {
  const until = lists.stoppedUntil(scope, phone);
  return { ...named, ...REFUSED, refuses: until !== null, ...(until ? { freeAt: until } : {}) };
}
