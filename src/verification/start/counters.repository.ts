import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { report } from '../../diagnostics/index.js';
import { StatementRunner, statement } from '../../database/statement.js';
import type { EvaluatedRule, MessageRule, WindowRule } from './message-rules.js';
import { SharedLimitWarnings } from './shared-limit-warnings.js';

/** The counters of a message's rules, as the statements take them: one entry per counter. */
export interface CounterParameters {
  scopes: string[];
  keys: Buffer[];
  seconds: number[];
  limits: number[];
  /** The moment that refuses while it is young: that of the limit, or one that is never kept where the rule only records. */
  kept: number[];
}

/** What a message has taken of its counters. */
export interface Taken {
  /** When, as Postgres wrote it: microseconds matter, because this is what is given back. */
  moment: string;
  /** How many counters were below their limit. */
  counters: number;
}

/** One counter as it is now. */
export interface CounterState {
  scope: string;
  key: Buffer;
  seconds: number;
  used: number;
  freeAt: Date | null;
}

/** One more than a counter keeps: the statements cut it to 1000 moments. */
const NEVER_KEPT = 1001;

export function countersOf(rules: readonly MessageRule[]): CounterParameters {
  const windows = rules.filter((rule): rule is WindowRule => rule.kind === 'window');
  return {
    scopes: windows.map(({ scope }) => scope),
    keys: windows.map(({ key }) => key),
    seconds: windows.map(({ seconds }) => seconds),
    limits: windows.map(({ limit }) => limit),
    kept: windows.map(({ mode, limit }) => (mode === 'enforce' ? limit : NEVER_KEPT)),
  };
}

/**
 * Counters of messages per number, user, session and address. A start counts in its own statement
 * (`StartRepository.start`); this is what everybody else needs of them.
 */
@Injectable()
export class CountersRepository {
  constructor(
    private readonly statements: StatementRunner,
    private readonly warnings: SharedLimitWarnings,
  ) {}

  /** Counts one message everywhere where the limit allows it. */
  async take(rules: readonly MessageRule[]): Promise<Taken> {
    return (await this.statements.one(TAKE_COUNTERS, countersOf(rules)))!;
  }

  /** While a fingerprint key is being replaced: what was counted under an older key counts under the newest. */
  async carryOver(rules: readonly MessageRule[]): Promise<void> {
    const older = rules
      .filter((rule): rule is WindowRule => rule.kind === 'window')
      .flatMap(({ scope, key, olderKeys, seconds }) =>
        olderKeys.map((from) => ({ scope, key, from, seconds })),
      );
    if (older.length === 0) return;
    await this.statements.all(CARRY_OVER_COUNTERS, {
      scopes: older.map(({ scope }) => scope),
      from: older.map(({ from }) => from),
      to: older.map(({ key }) => key),
      seconds: older.map(({ seconds }) => seconds),
    });
  }

  /** Takes a message out of the counters of these rules again. @param moment when it was counted */
  async giveBack(rules: readonly MessageRule[], moment: string): Promise<void> {
    const { scopes, keys, seconds } = countersOf(rules);
    if (scopes.length === 0) return;
    await this.statements.all(GIVE_BACK_COUNTERS, { scopes, keys, seconds, moment });
  }

  /** The counters of these rules as they are now. */
  async read(rules: readonly MessageRule[]): Promise<CounterState[]> {
    const counters = countersOf(rules);
    if (counters.scopes.length === 0) return [];
    return this.statements.all(READ_COUNTERS, counters);
  }

  /**
   * Records what was refused, or would have been if the rule were enforced.
   * @param country of the number, where the record has none
   */
  async record(
    decision: {
      action: 'start' | 'resend' | 'check';
      outcome: 'refused' | 'would-refuse';
      rule: string;
      rules: EvaluatedRule[];
      requestId?: string | null;
      phoneFingerprint?: Buffer;
      phoneCountry?: string;
      phoneLastDigits?: string;
      purpose?: string;
      userFingerprint?: Buffer | null;
      addressFingerprint?: Buffer | null;
    },
    country = decision.phoneCountry,
  ): Promise<void> {
    const { action, rule, outcome } = decision;
    report({ type: 'refusal', action, rule, isEnforced: outcome === 'refused' });
    if (outcome === 'refused') this.warnings.note(decision.rule, decision.rules, country);
    await this.statements.all(RECORD_DECISION, {
      requestId: null,
      phoneFingerprint: null,
      phoneCountry: null,
      phoneLastDigits: null,
      purpose: null,
      userFingerprint: null,
      addressFingerprint: null,
      ...decision,
      id: uuidv7(),
      rules: JSON.stringify(decision.rules),
    });
  }
}

/** The same counting as in {@link START}. A counter whose limit is reached is left as it is and missing in the answer. */
export const TAKE_COUNTERS = statement<CounterParameters, Taken>(
  'take-counters',
  `
  WITH wanted AS (
    SELECT * FROM unnest(:scopes::text[], :keys::bytea[], :seconds::int[], :kept::int[])
               AS w(scope, key, seconds, kept)),
  counted AS (
    INSERT INTO otp_rate_counters AS c (scope, key, seconds, kept, moments)
    SELECT scope, key, seconds, kept, ARRAY[now()] FROM wanted WHERE kept > 0 ORDER BY scope, key, seconds
    ON CONFLICT (scope, key, seconds) DO UPDATE
       SET kept = excluded.kept, moments = (now() || c.moments)[1 : least(excluded.kept, 1000)]
     WHERE c.moments[excluded.kept] IS NULL
        OR c.moments[excluded.kept] <= now() - make_interval(secs => excluded.seconds)
    RETURNING 1)
  SELECT now()::text AS moment, (SELECT count(*)::int FROM counted) AS counters`,
);

export const GIVE_BACK_COUNTERS = statement<
  Pick<CounterParameters, 'scopes' | 'keys' | 'seconds'> & { moment: string }
>(
  'give-back-counters',
  `
  UPDATE otp_rate_counters c SET moments = array_remove(c.moments, :moment::timestamptz)
    FROM unnest(:scopes::text[], :keys::bytea[], :seconds::int[]) AS w(scope, key, seconds)
   WHERE c.scope = w.scope AND c.key = w.key AND c.seconds = w.seconds`,
);

export const CARRY_OVER_COUNTERS = statement<{
  scopes: string[];
  from: Buffer[];
  to: Buffer[];
  seconds: number[];
}>(
  'carry-over-counters',
  `
  WITH old AS (
    DELETE FROM otp_rate_counters c
     USING unnest(:scopes::text[], :from::bytea[], :to::bytea[], :seconds::int[]) AS w(scope, key_from, key_to, seconds)
     WHERE c.scope = w.scope AND c.key = w.key_from AND c.seconds = w.seconds
    RETURNING c.scope, w.key_to, c.seconds, c.kept, c.moments)
  INSERT INTO otp_rate_counters AS c (scope, key, seconds, kept, moments)
  SELECT scope, key_to, seconds, max(kept), array_agg(m ORDER BY m DESC) FROM old, unnest(moments) m
   GROUP BY scope, key_to, seconds
  ON CONFLICT (scope, key, seconds) DO UPDATE
     SET moments = ARRAY(SELECT m FROM unnest(c.moments || excluded.moments) m ORDER BY m DESC LIMIT 1000)`,
);

export const READ_COUNTERS = statement<
  Pick<CounterParameters, 'scopes' | 'keys' | 'seconds' | 'limits'>,
  CounterState
>(
  'read-counters',
  `
  SELECT w.scope, w.key, w.seconds,
         (SELECT count(*)::int FROM unnest(c.moments) m WHERE m > now() - make_interval(secs => w.seconds)) AS used,
         c.moments[w.most] + make_interval(secs => w.seconds) AS free_at
    FROM unnest(:scopes::text[], :keys::bytea[], :seconds::int[], :limits::int[]) AS w(scope, key, seconds, most)
    LEFT JOIN otp_rate_counters c ON c.scope = w.scope AND c.key = w.key AND c.seconds = w.seconds`,
);

export const RECORD_DECISION = statement<{
  id: string;
  action: string;
  outcome: string;
  rule: string;
  requestId: string | null;
  rules: string;
  phoneFingerprint: Buffer | null;
  phoneCountry: string | null;
  phoneLastDigits: string | null;
  purpose: string | null;
  userFingerprint: Buffer | null;
  addressFingerprint: Buffer | null;
}>(
  'record-decision',
  `
  INSERT INTO otp_decisions (id, at, action, outcome, rule, request_id, rules, phone_fingerprint, phone_country,
                         phone_last_digits, purpose, user_fingerprint, address_fingerprint)
  VALUES (:id, clock_timestamp(), :action, :outcome, :rule, :requestId, :rules, :phoneFingerprint, :phoneCountry,
          :phoneLastDigits, :purpose, :userFingerprint, :addressFingerprint)`,
);
