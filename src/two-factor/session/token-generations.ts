import { Inject, Injectable } from '@nestjs/common';
import { statement, StatementRunner } from '../../database/statement.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import type { AuthenticationState } from './authentication-state.js';

/** Of a sign-in that has ended: no token has a later one. */
const ENDED = 2_147_483_647;

/**
 * Records the newest bearer token of each sign-in, so that a replaced one is worth nothing, on every instance. Of sessions
 * that are no tokens it records which sign-ins have ended.
 */
@Injectable()
export class TokenGenerations {
  constructor(
    private readonly statements: StatementRunner,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /**
   * The state for the next token of a sign-in.
   * @returns null when another token has replaced this one, or the sign-in has ended
   */
  async next(state: AuthenticationState): Promise<AuthenticationState | null> {
    const generation = (state.generation ?? 0) + 1;
    return (await this.record(state, generation)) ? { ...state, generation } : null;
  }

  /** No token and no stored session of this sign-in counts any more. */
  async end(state: AuthenticationState): Promise<void> {
    await this.record(state, ENDED);
  }

  private async record(
    { sid, userId, signedInAt }: AuthenticationState,
    generation: number,
  ): Promise<boolean> {
    const { sessionLifetimeSeconds } = this.options;
    // A session that another version of the application has stored may lack it.
    const began = Date.parse(signedInAt) || Date.now();
    const expiresAt = new Date(began + sessionLifetimeSeconds * 1000);
    return (await this.statements.one(RECORD_GENERATION, { sid, userId, generation, expiresAt })) !== null;
  }
}

/** Of two tokens that are made from one at the same time, only the first counts. Removes what has run out for the user. */
export const RECORD_GENERATION = statement<
  { sid: string; userId: string; generation: number; expiresAt: Date },
  object
>(
  'record-token-generation',
  `
  WITH outdated AS (
    DELETE FROM otp_token_generations WHERE user_id = :userId AND sid <> :sid AND expires_at < clock_timestamp()
  )
  INSERT INTO otp_token_generations AS known (sid, user_id, generation, expires_at)
  VALUES (:sid, :userId, :generation, :expiresAt)
      ON CONFLICT (sid) DO UPDATE SET generation = excluded.generation
   WHERE known.generation < excluded.generation
  RETURNING sid`,
);
