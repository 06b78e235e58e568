import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { statement, StatementRunner } from '../../database/statement.js';
import { Factors } from '../challenge/factors.js';
import { IS_IN_TIME } from '../trusted-browsers/trusted-browsers.service.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { ANONYMOUS, type Assurance, assuranceOf, type Circumstances } from './assurance.js';
import type { AuthenticationState } from './authentication-state.js';

/** What a session is worth, and the database's time in milliseconds when that was read. */
interface Reading {
  assurance: Assurance;
  now: number;
}

const NOBODY: Reading = { assurance: ANONYMOUS, now: 0 };

/** What decides whether a session of a user is still live. */
interface UserStanding {
  epoch: number;
  generation: number;
  isBrowserTrusted: boolean;
  /** The database's clock. The ages of factors and sessions are judged by nothing else. */
  now: Date;
}

/** Reads what sessions are worth, once per request. */
@Injectable()
export class AssuranceReader {
  private readonly readings = new WeakMap<Request, Promise<Reading>>();
  private readonly outlived = new WeakSet<Request>();

  constructor(
    private readonly statements: StatementRunner,
    private readonly factors: Factors,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /** What the session of this request is worth. */
  read(request: Request): Promise<Reading> {
    const known = this.readings.get(request);
    if (known) return known;
    const reading = this.readState(request);
    this.readings.set(request, reading);
    return reading;
  }

  /** The request's session was replaced, so the next {@link read} looks again. */
  forget(request: Request): void {
    this.readings.delete(request);
  }

  /** The request's connection outlives its answer, so the next {@link read} asks what is stored then. */
  refresh(request: Request): void {
    this.outlived.add(request);
    this.forget(request);
  }

  /** The request's session was ended. */
  end(request: Request): void {
    this.readings.set(request, Promise.resolve(NOBODY));
  }

  /** What any session's state is worth. */
  async assess(state: AuthenticationState): Promise<Reading> {
    const { epoch, generation, isBrowserTrusted, now } = await this.standingOf(state.userId, state);
    const { firstFactorSeconds, sessionLifetimeSeconds } = this.options;
    const circumstances: Circumstances = {
      epoch,
      generation,
      isBrowserTrusted,
      isSecondFactorRequired: false,
      factors: this.factors.amr,
      firstFactorSeconds,
      sessionLifetimeSeconds,
      now: now.getTime(),
    };
    let assurance = assuranceOf(state, circumstances);
    // Only for a session that lacks the second factor is it worth finding out whether one is required.
    if (assurance.level === 'first-factor') {
      const isSecondFactorRequired =
        (await this.options.isRequired(state.userId)) || (await this.factors.hasAny(state.userId));
      assurance = assuranceOf(state, { ...circumstances, isSecondFactorRequired });
    }
    return { assurance, now: circumstances.now };
  }

  /**
   * The user's epoch and the database's time.
   * @param session.trustedBrowserId the browser that it came in through. Its row is deleted when the trust is revoked or
   * its cookie was copied. The row's epoch does not matter: the session in which factors were changed stays live.
   */
  async standingOf(
    userId: string,
    { sid = null, trustedBrowserId = null }: { sid?: string | null; trustedBrowserId?: string | null } = {},
  ): Promise<UserStanding> {
    const days = this.options.trustBrowserDays ?? 0;
    return (await this.statements.one(READ_STANDING, { userId, sid, trustedBrowserId, days }))!;
  }

  private async readState(request: Request): Promise<Reading> {
    const { sessions } = this.options;
    const state = await (this.outlived.has(request) ? sessions.readAgain(request) : sessions.read(request));
    return state ? this.assess(state) : NOBODY;
  }
}

export const READ_STANDING = statement<
  { userId: string; sid: string | null; trustedBrowserId: string | null; days: number },
  UserStanding
>(
  'read-standing',
  `
  SELECT clock_timestamp() AS now,
         coalesce((SELECT epoch FROM otp_factor_epochs WHERE user_id = :userId), 0) AS epoch,
         coalesce((SELECT generation FROM otp_token_generations WHERE sid = :sid), 0) AS generation,
         :trustedBrowserId::uuid IS NULL OR EXISTS (
           SELECT 1 FROM otp_trusted_browsers
            WHERE id = :trustedBrowserId AND user_id = :userId AND ${IS_IN_TIME}) AS is_browser_trusted`,
);
