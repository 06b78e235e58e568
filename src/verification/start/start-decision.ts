import type { VerificationErrorCode } from '../domain/error-catalogue.js';
import type { VerificationRecord } from '../domain/verification-record.js';
import { LOCKED_RETRY_AFTER_SECONDS } from '../verification.results.js';
import type { RuleResult } from './message-limits.js';
import type { EvaluatedRule } from './message-rules.js';
import type { Situation } from './start.repository.js';

/**
 * What becomes of a start.
 * - `joined`: the caller has a live request for it, and gets that
 * - `requested-elsewhere`: another session of the same user has; this one may look at it, and ask for its own after the cooldown
 * - `replacing`: the caller's live request ends first, then this one starts
 */
export interface StartDecision {
  outcome: 'allowed' | 'refused' | 'joined' | 'requested-elsewhere' | 'replacing';
  /** The one rule that decided. Null when none refused. */
  rule: string | null;
  code: VerificationErrorCode | null;
  retryAfterSeconds: number | null;
  rules: EvaluatedRule[];
  live: VerificationRecord | null;
}

/** How the caller stands to the number's live request. */
export interface Standing {
  isTheirs: boolean;
  isSamePurpose: boolean;
  /** The start is for the user's confirmed factor. */
  isConfirmed: boolean;
  mayProve: boolean;
  isCoolingDown: boolean;
  /** Until then the provider does not end the live request. Null without one. */
  heldUntil: Date | null;
}

/** Decides on a start: the number's live request first, then waits and locks after wrong codes, then the rules in order. */
export function decide(situation: Situation, results: RuleResult[], standing: Standing): StartDecision {
  const { live, liveUntil, waitUntil, isLocked, readAt } = situation;
  const rules = results.map(({ evaluated }) => evaluated);
  const decision = { rule: null, code: null, retryAfterSeconds: null, rules, live };
  const refused = (rule: string, code: VerificationErrorCode, until: Date | null): StartDecision => {
    const left = until ? Math.max(1, Math.ceil((until.getTime() - readAt.getTime()) / 1000)) : null;
    // What is not served now is not served later either.
    const isFinal = code === 'destination-not-allowed';
    const retryAfterSeconds = isFinal ? null : (left ?? LOCKED_RETRY_AFTER_SECONDS);
    return { ...decision, outcome: 'refused', rule, code, retryAfterSeconds };
  };

  const replaces = outcomeOfLive(situation, standing);
  if (replaces === 'refused') return refused('live-request', 'phone-busy', liveUntil);
  if (replaces === 'joined' || replaces === 'requested-elsewhere')
    return { ...decision, outcome: replaces, rule: 'live-request', rules: [] };
  if (isLocked) return refused('lock', 'rate-limited', null);
  if (waitUntil && waitUntil > readAt) return refused('wrong-codes', 'rate-limited', waitUntil);
  // Also before a request is replaced: a refused start must not end it.
  const refusing = results.find(({ rule, refuses }) => refuses && rule.mode === 'enforce');
  if (refusing) return refused(refusing.rule.rule, refusing.rule.code, refusing.freeAt);
  // The code that this session asked for still works, and no other one would be sent. Another session's gives way.
  const isOfSession = replaces === 'replacing' && standing.mayProve;
  if (isOfSession && standing.heldUntil && standing.heldUntil > readAt)
    return refused('live-request', 'phone-busy', standing.heldUntil);
  return { ...decision, outcome: replaces };
}

function outcomeOfLive({ live, liveUntil }: Situation, standing: Standing): StartDecision['outcome'] {
  if (liveUntil === null) return 'allowed';
  // A number is held without a request for a moment after a stranger's request gave way to its owner's.
  if (live === null || !standing.isTheirs) return 'refused';
  if (!standing.isSamePurpose) return standing.isConfirmed ? 'replacing' : 'refused';
  if (standing.mayProve) return 'joined';
  return standing.isCoolingDown ? 'requested-elsewhere' : 'replacing';
}
