import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { isUUID } from 'class-validator';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PersonalDataCipher } from '../../crypto/index.js';
import { rowsOf } from '../../database/sql.js';
import { safePath, withHiddenCharactersShown } from '../../http/index.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';
import { TwoFactorService } from '../two-factor.service.js';

const MINUTES = 5;

/** One act that is to be confirmed by a fresh factor. */
export interface StepUp {
  /** What is done, for programs: `payment`. */
  action: string;
  /** Everything that must be the same when it is done as when it was confirmed; JSON. */
  payload: unknown;
  /** The same for the person, in one sentence: "Pay 40.00 EUR to ACME". Hidden characters are shown as `\uFFFD`. */
  summary: string;
  /** Where the person goes on afterwards, a path; `grant=<id>` is added to its query. */
  returnTo?: string;
}

export interface PendingStepUp {
  id: string;
  summary: string;
}

/** Leave to do one act once, given for a factor shown for just that act. */
@Injectable()
export class StepUpGrants {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
    private readonly twoFactor: TwoFactorService,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /**
   * Returns when `grant` is leave for exactly this act, by this user in this session, and spends it. Otherwise asks.
   * @param grant as the caller sent it
   * @throws Problem `step-up-required` with `grant` and `next`: where the person confirms the act
   */
  async requireFor(request: Request, stepUp: StepUp, grant: unknown): Promise<void> {
    const { userId } = await this.twoFactor.assurance(request);
    if (!userId) throw twoFactorProblem('sign-in-required');
    const act = [userId, this.sessionHash(request), hashOf(stepUp)];
    if (isUUID(grant)) {
      const spent = await rowsOf(
        this.dataSource,
        `UPDATE step_up_grants SET used_at = now()
          WHERE id = $1 AND user_id = $2 AND session_hash = $3 AND payload_hash = $4
            AND used_at IS NULL AND granted_at > now() - make_interval(mins => $5)
         RETURNING 1`,
        [grant, ...act, MINUTES],
      );
      if (spent.length > 0) return;
    }
    const id = uuidv7();
    await rowsOf(
      this.dataSource,
      `INSERT INTO step_up_grants (id, user_id, session_hash, payload_hash, action, summary, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, now(), now() + make_interval(mins => $7))`,
      [
        id,
        ...act,
        stepUp.action,
        this.cipher.seal(withHiddenCharactersShown(stepUp.summary), 'step_up_grants.summary', id),
        MINUTES,
      ],
    );
    const next = `/two-factor/step-up/${id}?returnTo=${encodeURIComponent(this.pathAfter(stepUp, id))}`;
    throw twoFactorProblem('step-up-required', { members: { grant: id, next }, redirectTo: next });
  }

  /** What this session is asked to confirm; null when it is over, or somebody else's. */
  async pending(request: Request, id: string): Promise<PendingStepUp | null> {
    const { userId } = await this.twoFactor.assurance(request);
    if (!isUUID(id)) return null;
    const [row] = await rowsOf<{ id: string; summary: string }>(
      this.dataSource,
      `SELECT id, summary FROM step_up_grants
        WHERE id = $1 AND user_id = $2 AND session_hash = $3 AND granted_at IS NULL AND expires_at > now()`,
      [id, userId, this.sessionHash(request)],
    );
    return row
      ? { id: row.id, summary: this.cipher.open(row.summary, 'step_up_grants.summary', row.id) }
      : null;
  }

  /**
   * A factor was shown for it.
   * @param renew gives the session its new id: the grant goes with it
   */
  async grant(request: Request, id: string, renew: () => Promise<unknown>): Promise<boolean> {
    const before = this.sessionHash(request);
    const { userId } = await this.twoFactor.assurance(request);
    await renew();
    const granted = await rowsOf(
      this.dataSource,
      `UPDATE step_up_grants SET granted_at = now(), session_hash = $4
        WHERE id = $1 AND user_id = $2 AND session_hash = $3 AND granted_at IS NULL AND expires_at > now() RETURNING 1`,
      [id, userId, before, this.sessionHash(request)],
    );
    return granted.length > 0;
  }

  private pathAfter({ returnTo }: StepUp, id: string): string {
    const path = safePath(returnTo, this.options.homePath);
    return `${path}${path.includes('?') ? '&' : '?'}grant=${id}`;
  }

  private sessionHash(request: Request): Buffer {
    return createHash('sha256').update(this.options.sessions.idOf(request)).digest();
  }
}

const hashOf = ({ action, payload }: StepUp) =>
  createHash('sha256')
    .update(JSON.stringify([action, inOrder(payload)]))
    .digest();

/** The same payload in the same words, however its members were ordered. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return { members: entries.map(([key, each]) => [key, inOrder(each)]) };
}
