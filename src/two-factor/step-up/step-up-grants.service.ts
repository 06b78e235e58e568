import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { isUUID } from 'class-validator';
import { IsNull, Raw, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { PersonalDataCipher } from '../../crypto/index.js';
import { statement, StatementRunner } from '../../database/statement.js';
import { safePath, withHiddenCharactersShown } from '../../http/index.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { StepUpGrant } from './step-up-grant.entity.js';

/** How long a step-up can be confirmed, and how long it can be used after that. */
const LIFETIME_MINUTES = 5;

/** One action that has to be confirmed by a factor shown for just that. */
export interface StepUp {
  /** A name for programs, such as `payment`. */
  action: string;
  /** Everything that must be the same when the action is done as when it was confirmed. JSON. */
  payload: unknown;
  /** The same as the user reads it, in one sentence: "Pay 40.00 EUR to ACME". Hidden characters are shown as `\uFFFD`. */
  summary: string;
  /** The path where the user continues afterwards. `grant=<id>` is added to its query. @default `homePath` */
  returnTo?: string;
}

/** Permissions to do one action once, each given for a factor that was shown for just that action. */
@Injectable()
export class StepUpGrants {
  constructor(
    @InjectLibraryRepository(StepUpGrant) private readonly grants: Repository<StepUpGrant>,
    private readonly statements: StatementRunner,
    private readonly cipher: PersonalDataCipher,
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /**
   * Uses up a grant for exactly this action, by this user in this session. Without one, it asks for confirmation.
   * @param grant as the caller sent it
   * @throws Problem `step-up-required` with `grant` and `next`, the page where the user confirms the action
   */
  async requireFor(request: Request, stepUp: StepUp, grant: unknown): Promise<void> {
    const assurance = await this.twoFactor.assurance(request);
    if (assurance.userId === null) throw twoFactorProblem('sign-in-required');
    const { userId, sid } = assurance;
    const payloadHash = hashOf(stepUp);
    if (typeof grant === 'string' && isUUID(grant)) {
      const minutes = LIFETIME_MINUTES;
      const used = await this.statements.one(USE_GRANT, { id: grant, userId, sid, payloadHash, minutes });
      if (used) return;
    }
    const id = uuidv7();
    const summary = withHiddenCharactersShown(stepUp.summary);
    await this.grants.insert({
      id,
      userId,
      sid,
      payloadHash,
      action: stepUp.action,
      summary: this.cipher.seal(summary, 'step_up_grants.summary', id),
      expiresAt: () => `now() + interval '${LIFETIME_MINUTES} minutes'`,
    });
    const path = safePath(stepUp.returnTo, this.options.homePath);
    const returnTo = `${path}${path.includes('?') ? '&' : '?'}grant=${id}`;
    const next = this.paths.stepUp(id, returnTo);
    throw twoFactorProblem('step-up-required', { members: { grant: id, next }, redirectTo: next });
  }

  /** The summary of what this session is asked to confirm. @throws Problem `unknown-step-up` */
  async summaryOf(session: SignedInAssurance, id: string): Promise<string> {
    const grant = await this.grants.findOneBy(pendingIn(session, id));
    if (!grant) throw twoFactorProblem('unknown-step-up');
    return this.cipher.open(grant.summary, 'step_up_grants.summary', id);
  }

  /** Gives the grant, after a factor was shown for it. @throws Problem `unknown-step-up` */
  async give(session: SignedInAssurance, id: string): Promise<void> {
    const { affected } = await this.grants.update(pendingIn(session, id), { grantedAt: () => 'now()' });
    if (!affected) throw twoFactorProblem('unknown-step-up');
  }
}

/** Finds a grant that this session can still confirm. @throws Problem `unknown-step-up` for a malformed id */
function pendingIn({ userId, sid }: SignedInAssurance, id: string) {
  if (!isUUID(id)) throw twoFactorProblem('unknown-step-up');
  const isLive = Raw<Date>((column) => `${column} > now()`);
  return { id, userId, sid, grantedAt: IsNull(), expiresAt: isLive };
}

const hashOf = ({ action, payload }: StepUp) =>
  createHash('sha256')
    .update(JSON.stringify([action, inOrder(payload)]))
    .digest();

/** Sorts the members of objects, so that their order does not matter. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return { members: entries.map(([key, each]) => [key, inOrder(each)]) };
}

/** One statement finds the grant and uses it up, so that of two uses at once only one succeeds. */
export const USE_GRANT = statement<
  { id: string; userId: string; sid: string; payloadHash: Buffer; minutes: number },
  object
>(
  'use-grant',
  `
  UPDATE otp_step_up_grants SET used_at = now()
   WHERE id = :id AND user_id = :userId AND sid = :sid AND payload_hash = :payloadHash
     AND used_at IS NULL AND granted_at > now() - make_interval(mins => :minutes)
  RETURNING id`,
);
