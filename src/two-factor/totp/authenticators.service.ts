import { Inject, Injectable } from '@nestjs/common';
import { generateSecret, generateURI, verify } from 'otplib';
import { IsNull, Not, Raw, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { PersonalDataCipher } from '../../crypto/index.js';
import { statement, StatementRunner } from '../../database/statement.js';
import type { CodeResult } from '../challenge/factor.js';
import { FactorChanges } from '../enrolment/factor-changes.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { Authenticator } from './authenticator.entity.js';

/** Accepts the codes of one time step before and after, for phones whose clock is off. */
const TOLERANCE_SECONDS = 30;
/** How long an app can be confirmed after it was set up. */
const SETUP_MINUTES = 15;

/** How long a code is shown. */
const STEP_SECONDS = 30;

/** What a user needs to set up an app. */
export interface AuthenticatorSetup {
  id: string;
  /** Base 32, for users who type it. */
  secret: string;
  /** `otpauth://…`, for the QR code. */
  uri: string;
}

/** The authenticator apps that users have enrolled, and those they are setting up. */
@Injectable()
export class Authenticators {
  constructor(
    @InjectLibraryRepository(Authenticator) private readonly authenticators: Repository<Authenticator>,
    private readonly statements: StatementRunner,
    private readonly cipher: PersonalDataCipher,
    private readonly changes: FactorChanges,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  /** The user's confirmed apps, the oldest first. */
  ofUser(userId: string): Promise<Authenticator[]> {
    return this.authenticators.find({
      where: { userId, confirmedAt: Not(IsNull()) },
      order: { createdAt: 'ASC', id: 'ASC' },
    });
  }

  /** Creates a secret, which is shown once as text and QR code. An earlier setup that was not confirmed ends. */
  async begin({ userId, sid }: SignedInAssurance, label: string): Promise<AuthenticatorSetup> {
    const id = uuidv7();
    const secret = generateSecret();
    const sealed = this.cipher.seal(secret, 'authenticators.secret', id);
    await this.authenticators.delete({ userId, confirmedAt: IsNull() });
    await this.authenticators.insert({ id, userId, secret: sealed, label, begunIn: sid });
    return this.setupOf(userId, id, secret);
  }

  /** The app that is being set up in this session. */
  async findPending({ userId, sid }: SignedInAssurance): Promise<Authenticator | null> {
    return this.authenticators.findOne({
      where: {
        userId,
        begunIn: sid,
        confirmedAt: IsNull(),
        createdAt: Raw((column) => `${column} > now() - interval '${SETUP_MINUTES} minutes'`),
      },
      order: { createdAt: 'DESC' },
    });
  }

  /** The same, as it was shown when it was begun. */
  async readSetup(session: SignedInAssurance): Promise<AuthenticatorSetup | null> {
    const pending = await this.findPending(session);
    if (!pending) return null;
    const secret = this.cipher.open(pending.secret, 'authenticators.secret', pending.id);
    return this.setupOf(session.userId, pending.id, secret);
  }

  /** Makes an app a factor, after its first code was accepted. @returns the user's epoch, or null if the setup has ended */
  async confirm(session: SignedInAssurance, { id }: Authenticator): Promise<number | null> {
    const made = await this.changes.makeIn(session, async (manager) => {
      const pending = { id, confirmedAt: IsNull() };
      const { affected } = await manager.update(Authenticator, pending, { confirmedAt: () => 'now()' });
      return affected ? true : null;
    });
    return made?.epoch ?? null;
  }

  /** Removes an app. @returns the user's epoch after it. @throws Problem `last-factor`, `unknown-factor` */
  async remove(session: SignedInAssurance, id: string): Promise<number> {
    const confirmed = { id, userId: session.userId, confirmedAt: Not(IsNull()) };
    const { epoch } = await this.changes.removeFactor(session, async (manager) => {
      const { affected } = await manager.delete(Authenticator, confirmed);
      return affected ? true : null;
    });
    return epoch;
  }

  /**
   * Checks a code of an app and accepts it once: of two uses at once, only one finds its time step unused.
   *
   * Only the session that used a code is told that it was used. Any other session is told the same whether the code was
   * used or wrong, as long as the newest accepted code could still be typed: docs/decisions/0021-used-codes.md.
   */
  async accept(authenticator: Authenticator, token: string, sid: string): Promise<CodeResult> {
    const { id, lastUsedIn } = authenticator;
    const lastStep = Number(authenticator.lastStep);
    const secret = this.cipher.open(authenticator.secret, 'authenticators.secret', id);
    const now = Date.now() / 1000;
    const result = await verify({ secret, token, epochTolerance: TOLERANCE_SECONDS, epoch: Math.floor(now) });
    const timeStep = result.valid ? (result as { timeStep: number }).timeStep : null;
    // A used code is not looked up again, so that its answer takes as long as that of a wrong one.
    if (timeStep !== null && timeStep > lastStep) {
      if (await this.statements.one(USE_TIME_STEP, { id, timeStep, sid })) return { ok: true };
      // Somebody was faster by a moment, perhaps this session with a double click.
      const changed = await this.authenticators.findOneBy({ id });
      return changed ? this.accept(changed, token, sid) : { ok: false, code: 'wrong-code' };
    }
    if (timeStep !== null && lastUsedIn === sid) {
      const retryAfterSeconds = Math.max(1, Math.ceil((lastStep + 1) * STEP_SECONDS - now));
      return { ok: false, code: 'code-used', retryAfterSeconds };
    }
    const mayBeUsed = lastUsedIn !== sid && (lastStep + 1) * STEP_SECONDS + TOLERANCE_SECONDS > now;
    return { ok: false, code: 'wrong-code', mayBeUsed };
  }

  private async setupOf(userId: string, id: string, secret: string): Promise<AuthenticatorSetup> {
    const label = await this.options.accountName(userId);
    return { id, secret, uri: generateURI({ issuer: this.options.issuer, label, secret }) };
  }
}

export const USE_TIME_STEP = statement<{ id: string; timeStep: number; sid: string }, object>(
  'use-time-step',
  `
  UPDATE otp_authenticators SET last_step = :timeStep, last_used_in = :sid
   WHERE id = :id AND last_step < :timeStep
  RETURNING id`,
);
