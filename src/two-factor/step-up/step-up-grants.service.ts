import { HttpException, Inject, Injectable, Logger } from '@nestjs/common';
import type { Request } from 'express';
import { isUUID } from 'class-validator';
import { type EntityManager, IsNull, Not, Raw, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { describeForeignError } from '../../diagnostics/index.js';
import { PersonalDataCipher } from '../../crypto/index.js';
import { statement, StatementRunner } from '../../database/statement.js';
import { safePath, withHiddenCharactersShown } from '../../http/index.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { hashOf } from './act-hash.js';
import { StepUpGrant } from './step-up-grant.entity.js';

/** How long a step-up can be confirmed, and how long it can be used after that. */
const LIFETIME_MINUTES = 5;
/** Any origin will do to read a path. */
const ORIGIN = 'http://localhost';

/** One action that has to be confirmed by a factor shown for just that. */
export interface StepUp {
  /** A name for programs, such as `payment`. */
  action: string;
  /** Everything that must be the same when the action is done as when it was confirmed. JSON. */
  payload: unknown;
  /** The same as the user reads it, in one sentence: "Pay €40.00 to ACME". Hidden characters are shown as `\uFFFD`. */
  summary: string;
  /** The path where the user continues afterwards. `grant=<id>` is added to its query. @default `homePath` */
  returnTo?: string;
}

/** An action that its user has confirmed. */
export interface ConfirmedAct {
  /** Of the grant: the same however often it is tried, and different for each act. */
  id: string;
  userId: string;
  /** {@link StepUp.payload} as it was confirmed. */
  payload: unknown;
}

/**
 * Does what was confirmed. What it writes with `transaction` is written together with the use of the grant: both, or neither.
 * It must not do anything that cannot be rolled back, such as calling another service; it leaves a row for that.
 * @returns the path of the page that shows the result, also on a reload
 */
export type ConfirmedActHandler = (act: ConfirmedAct, transaction: EntityManager) => Promise<string>;

/** Permissions to do one action once, each given for a factor that was shown for just that action. */
@Injectable()
export class StepUpGrants {
  private readonly logger = new Logger('StepUp');
  private readonly handlers = new Map<string, ConfirmedActHandler>();

  constructor(
    @InjectLibraryRepository(StepUpGrant) private readonly grants: Repository<StepUpGrant>,
    private readonly statements: StatementRunner,
    private readonly cipher: PersonalDataCipher,
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /**
   * Registers what does an action once it is confirmed. On pages it then follows the factor at once, without a second press.
   * @throws Error if the action has a handler
   */
  onConfirmed(action: string, handler: ConfirmedActHandler): void {
    if (this.handlers.has(action)) throw new Error(`there is a handler of the action ${action} already`);
    this.handlers.set(action, handler);
  }

  /**
   * Does an action by its handler if it is confirmed, at most once.
   * @param grant as the caller sent it
   * @returns the path of the result, again and again for a grant whose action was done
   * @throws Problem `step-up-required` with `grant` and `next`, the page where the user confirms the action
   */
  async perform(request: Request, stepUp: StepUp, grant: unknown): Promise<string> {
    const session = await this.signedIn(request);
    const path = await this.act(session, grant, { payloadHash: hashOf(stepUp) });
    return path ?? this.ask(session, stepUp);
  }

  /**
   * Uses up a grant for exactly this action, by this user in this session. Without one, it asks for confirmation.
   * @param grant as the caller sent it
   * @throws Problem `step-up-required` with `grant` and `next`, the page where the user confirms the action
   */
  async requireFor(request: Request, stepUp: StepUp, grant: unknown): Promise<void> {
    const session = await this.signedIn(request);
    const { userId, sid } = session;
    const payloadHash = hashOf(stepUp);
    if (typeof grant === 'string' && isUUID(grant)) {
      const minutes = LIFETIME_MINUTES;
      const used = await this.statements.one(USE_GRANT, { id: grant, userId, sid, payloadHash, minutes });
      if (used) return;
    }
    await this.ask(session, stepUp);
  }

  /** @throws Problem `step-up-required` for a new grant */
  private async ask({ userId, sid }: SignedInAssurance, stepUp: StepUp): Promise<never> {
    const id = uuidv7();
    const returnTo = withGrant(safePath(stepUp.returnTo, this.options.homePath), id);
    const summary = withHiddenCharactersShown(stepUp.summary);
    await this.grants.insert({
      id,
      userId,
      sid,
      payloadHash: hashOf(stepUp),
      action: stepUp.action,
      summary: this.cipher.seal(summary, 'step_up_grants.summary', id),
      act: this.cipher.seal(JSON.stringify({ payload: stepUp.payload, returnTo }), 'step_up_grants.act', id),
      expiresAt: () => `now() + interval '${LIFETIME_MINUTES} minutes'`,
    });
    const next = this.paths.stepUp(id, returnTo);
    throw twoFactorProblem('step-up-required', { members: { grant: id, next }, redirectTo: next });
  }

  /**
   * The summary of what this session is asked to confirm.
   * @throws Problem `unknown-step-up`; a browser is led on if it was confirmed: to the result, or to where it can be done
   */
  async summaryOf(session: SignedInAssurance, id: string): Promise<string> {
    const grant = await this.grants.findOneBy(pendingIn(session, id));
    if (grant) return this.cipher.open(grant.summary, 'step_up_grants.summary', id);
    throw twoFactorProblem('unknown-step-up', { redirectTo: await this.pathAfter(session, id) });
  }

  /** Gives the grant, after a factor was shown for it. @throws Problem `unknown-step-up` */
  async give(session: SignedInAssurance, id: string): Promise<void> {
    const { affected } = await this.grants.update(pendingIn(session, id), { grantedAt: () => 'now()' });
    if (!affected)
      throw twoFactorProblem('unknown-step-up', { redirectTo: await this.pathAfter(session, id) });
  }

  /**
   * Does an action that was just confirmed, if it has a handler.
   * @returns the path of the result, or null if there is none, with `isFailed` if the handler failed: the grant is unused then
   */
  async performGranted(
    session: SignedInAssurance,
    id: string,
  ): Promise<{ donePath: string | null; isFailed: boolean }> {
    try {
      return { donePath: await this.act(session, id), isFailed: false };
    } catch (error) {
      if (!(error instanceof HttpException))
        this.logger.error({ grant: id, ...describeForeignError(error) }, 'confirmed act failed');
      return { donePath: null, isFailed: true };
    }
  }

  /**
   * Does the action and uses up the grant, together. Of several at once the others wait, and get the result of the first.
   * @returns null without a grant, or without a handler
   */
  private act(
    { userId, sid }: SignedInAssurance,
    id: unknown,
    more: { payloadHash?: Buffer } = {},
  ): Promise<string | null> {
    if (typeof id !== 'string' || !isUUID(id)) return Promise.resolve(null);
    return this.grants.manager.transaction(async (transaction) => {
      const grants = transaction.getRepository(StepUpGrant);
      const grant = await grants.findOne({
        where: confirmedIn({ id, userId, sid, ...more }),
        lock: { mode: 'pessimistic_write' },
      });
      if (!grant || grant.donePath !== null) return grant?.donePath ?? null;
      const handler = this.handlers.get(grant.action);
      if (!handler) return null;
      const { payload } = this.actOf(grant);
      const donePath = safePath(await handler({ id, userId, payload }, transaction), this.options.homePath);
      await grants.update({ id }, { usedAt: () => 'now()', donePath });
      return donePath;
    });
  }

  /** Where a browser continues that comes back to a page of a confirmed action. */
  private async pathAfter({ userId, sid }: SignedInAssurance, id: string): Promise<string | undefined> {
    if (!isUUID(id)) return undefined;
    const grant = await this.grants.findOneBy(confirmedIn({ id, userId, sid }));
    return grant ? (grant.donePath ?? this.actOf(grant).returnTo) : undefined;
  }

  private actOf({ id, act }: StepUpGrant): { payload: unknown; returnTo: string } {
    return JSON.parse(this.cipher.open(act, 'step_up_grants.act', id)) as {
      payload: unknown;
      returnTo: string;
    };
  }

  private async signedIn(request: Request): Promise<SignedInAssurance> {
    const assurance = await this.twoFactor.assurance(request);
    if (assurance.userId === null) throw twoFactorProblem('sign-in-required');
    return assurance;
  }
}

/** Finds a grant that was confirmed: its action was done, or can still be. */
function confirmedIn(of: { id: string; userId: string; sid: string; payloadHash?: Buffer }) {
  const isRecent = Raw<Date>((column) => `${column} > now() - interval '${LIFETIME_MINUTES} minutes'`);
  return [
    { ...of, donePath: Not(IsNull()) },
    { ...of, usedAt: IsNull(), grantedAt: isRecent },
  ];
}

/** Finds a grant that this session can still confirm. @throws Problem `unknown-step-up` for a malformed id */
function pendingIn({ userId, sid }: SignedInAssurance, id: string) {
  if (!isUUID(id)) throw twoFactorProblem('unknown-step-up');
  const isLive = Raw<Date>((column) => `${column} > now()`);
  return { id, userId, sid, grantedAt: IsNull(), expiresAt: isLive };
}

/** The path may be that of a page with an earlier grant, and may name a place on it. */
function withGrant(path: string, id: string): string {
  const url = new URL(path, ORIGIN);
  url.searchParams.set('grant', id);
  return url.href.replace(ORIGIN, '');
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
