import { Injectable } from '@nestjs/common';
import { StatementRunner, statement } from '../database/statement.js';
import { CONFIRMED } from '../verification/index.js';
import { InjectProtectionOptions, type ResolvedProtection } from './protection.options.js';

/** How far a limit for everybody is used today. */
export interface UsedLimit {
  rule: 'budget' | 'country-budget' | 'country-limit';
  /** Empty for the budget of all countries. */
  country: string;
  /** Messages, or money; what instances hold in advance counts as used. */
  used: number;
  limit: number;
}

/** Tells how much of today's budgets and limits of countries is left, for metrics. */
@Injectable()
export class SharedLimits {
  constructor(
    private readonly statements: StatementRunner,
    @InjectProtectionOptions() private readonly options: ResolvedProtection,
  ) {}

  /** @returns the limits that something was taken of today (UTC) */
  async ofToday(): Promise<UsedLimit[]> {
    const { budgetPerDay, budgetPerCountryPerDay, countryPerDay } = this.options;
    const limits = [
      { scope: 'budget', rule: 'budget', limit: budgetPerDay },
      { scope: `${CONFIRMED}budget`, rule: 'budget', limit: budgetPerDay },
      { scope: 'country-budget', rule: 'country-budget', limit: budgetPerCountryPerDay },
      { scope: `${CONFIRMED}country-budget`, rule: 'country-budget', limit: budgetPerCountryPerDay },
      { scope: 'country', rule: 'country-limit', limit: countryPerDay },
    ] as const;
    const rows = await this.statements.all(READ_TODAY, { scopes: limits.map(({ scope }) => scope) });
    return rows.flatMap(({ scope, key, taken }) => {
      const { rule, limit } = limits.find((each) => each.scope === scope)!;
      // Strangers and confirmed factors have budgets of their own: the fuller one counts.
      return limit === null ? [] : [{ rule, country: key === 'all' ? '' : key, used: taken, limit }];
    });
  }
}

export const READ_TODAY = statement<{ scopes: string[] }, { scope: string; key: string; taken: number }>(
  'read-limits-of-today',
  `
  SELECT d.scope, convert_from(d.key, 'UTF8') AS key, d.taken::float8 AS taken
    FROM otp_daily_counters d
   WHERE d.scope = ANY (:scopes::text[]) AND d.day = (now() AT TIME ZONE 'UTC')::date
   ORDER BY d.taken`,
);
