import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { generateSecret, generateURI, verify } from 'otplib';
import { IsNull, Not, Raw, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PersonalDataCipher } from '../../crypto/index.js';
import { statement, StatementRunner } from '../../database/statement.js';
import { FactorChanges } from '../enrolment/factor-changes.js';
import type { SignedInAssurance } from '../session/assurance.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { Authenticator } from './authenticator.entity.js';

/** Accepts the codes of one time step before and after, for phones whose clock is off. */
const TOLERANCE_SECONDS = 30;
/** How long an app can be confirmed after it was set up. */
const SETUP_MINUTES = 15;

/** A typed code without spaces and dashes, or null if it is not six digits. */
export function normaliseCode(typed: string): string | null {
  const code = typed.replace(/[\s-]/g, '');
  return /^\d{6}$/.test(code) ? code : null;
}

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
    @InjectRepository(Authenticator) private readonly authenticators: Repository<Authenticator>,
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

  /** Checks a code of an app and accepts it once: of two uses at once, only one finds its time step unused. */
  async accept({ id, secret: sealed }: Authenticator, token: string): Promise<boolean> {
    const secret = this.cipher.open(sealed, 'authenticators.secret', id);
    const result = await verify({ secret, token, epochTolerance: TOLERANCE_SECONDS });
    if (!result.valid) return false;
    const { timeStep } = result as { timeStep: number };
    return (await this.statements.one(USE_TIME_STEP, { id, timeStep })) !== null;
  }

  private async setupOf(userId: string, id: string, secret: string): Promise<AuthenticatorSetup> {
    const label = await this.options.accountName(userId);
    return { id, secret, uri: generateURI({ issuer: this.options.issuer, label, secret }) };
  }
}

export const USE_TIME_STEP = statement<{ id: string; timeStep: number }, object>(
  'use-time-step',
  'UPDATE authenticators SET last_step = :timeStep WHERE id = :id AND last_step < :timeStep RETURNING id',
);
