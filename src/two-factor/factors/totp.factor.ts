import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { generateSecret, generateURI, verify } from 'otplib';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PersonalDataCipher } from '../../crypto/index.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import type { SignedInSession } from '../assurance/assurance.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';
import { twoFactorProblem } from '../two-factor.problems.js';
import { type FactorCaller, UNKNOWN_CALLER } from './factor-caller.js';
import { CodeFactor, type CodeFailure, type CodeResult, type EnrolledFactor } from './factor.js';
import { FactorChanges } from './factor-changes.js';
import { FactorLimits } from './factor-limits.js';

/** A clock of the phone that is off by one step either way is forgiven. */
const TOLERANCE_SECONDS = 30;
const DIGITS = /^\d{6}$/;
/** An app that was never confirmed may be tried this long. */
const SETUP_MINUTES = 15;

interface AuthenticatorRecord {
  id: string;
  secret: string;
  label: string;
}

export interface AuthenticatorSetup {
  id: string;
  /** Base 32, for those who type it. */
  secret: string;
  /** `otpauth://…`, for the QR code. */
  uri: string;
}

/** Codes of an authenticator app (TOTP, RFC 6238). A code counts once: also not for a second window or a second app. */
@Injectable()
export class TotpFactor extends CodeFactor {
  readonly method = 'totp';
  readonly amr = 'otp';

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
    private readonly limits: FactorLimits,
    private readonly changes: FactorChanges,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    super();
  }

  async enrolledBy(userId: string): Promise<EnrolledFactor[]> {
    const rows = await this.confirmed(userId);
    return rows.map(({ id, label }, index) => ({
      method: this.method,
      id,
      label,
      hint: '',
      primary: index === 0,
    }));
  }

  async verify(userId: string, code: string, caller: FactorCaller = UNKNOWN_CALLER): Promise<CodeResult> {
    const typed = code.replace(/[\s-]/g, '');
    if (!DIGITS.test(typed)) return { ok: false, code: 'wrong-code' };
    const attempt = await this.limits.spend(userId, this.method, caller);
    if (attempt.waitSeconds !== null)
      return { ok: false, code: 'rate-limited', retryAfterSeconds: attempt.waitSeconds };
    for (const authenticator of await this.confirmed(userId)) {
      if (await this.spendStep(authenticator, typed)) {
        await this.limits.forget(userId, this.method, caller);
        return { ok: true };
      }
    }
    await this.limits.wasWrong(userId, this.method, attempt);
    return { ok: false, code: 'wrong-code' };
  }

  /** A secret to be shown once, as text and QR code; it counts after {@link confirm}. */
  async begin({ userId, sid }: SignedInSession, label: string): Promise<AuthenticatorSetup> {
    const id = uuidv7();
    const secret = generateSecret();
    await rowsOf(
      this.dataSource,
      `WITH abandoned AS (DELETE FROM authenticators WHERE user_id = $2 AND confirmed_at IS NULL)
       INSERT INTO authenticators (id, user_id, secret, label, begun_in, created_at)
       VALUES ($1, $2, $3, $4, $5, now())`,
      [id, userId, this.cipher.seal(secret, 'authenticators.secret', id), label, sid],
    );
    return this.setupOf(userId, id, secret);
  }

  /** The app that is being set up in this session; null when none is. */
  async pending(session: SignedInSession): Promise<AuthenticatorSetup | null> {
    const [row] = await this.unconfirmed(session);
    if (!row) return null;
    const secret = this.cipher.open(row.secret, 'authenticators.secret', row.id);
    return this.setupOf(session.userId, row.id, secret);
  }

  /** The app shows that it has the secret. @returns the epoch of the factors after it, or why the code does not count */
  async confirm(
    session: SignedInSession,
    code: string,
    caller: FactorCaller = UNKNOWN_CALLER,
  ): Promise<{ epoch: number } | CodeFailure> {
    const { userId } = session;
    const { waitSeconds } = await this.limits.spend(userId, this.method, caller);
    if (waitSeconds !== null) return { ok: false, code: 'rate-limited', retryAfterSeconds: waitSeconds };
    const [pending] = await this.unconfirmed(session);
    const typed = code.replace(/[\s-]/g, '');
    if (!pending || !DIGITS.test(typed) || !(await this.spendStep(pending, typed)))
      return { ok: false, code: 'wrong-code' };
    await this.limits.forget(userId, this.method, caller);
    const made = await this.changes.makeIn(session, async (sql) => {
      const rows = await rowsIn(
        sql,
        'UPDATE authenticators SET confirmed_at = now() WHERE id = $1 AND confirmed_at IS NULL RETURNING id',
        [pending.id],
      );
      return rows[0] ?? null;
    });
    return made ? { epoch: made.epoch } : { ok: false, code: 'wrong-code' };
  }

  /** @returns the epoch of the factors after it, or null when there was none. @throws Problem `last-factor` */
  async remove(session: SignedInSession, id: string, mayBeLast: boolean): Promise<number | null> {
    const { userId } = session;
    const made = await this.changes.makeIn(session, async (sql) => {
      if (!mayBeLast && (await this.changes.count(sql, userId)) <= 1) throw twoFactorProblem('last-factor');
      const rows = await rowsIn(
        sql,
        'DELETE FROM authenticators WHERE user_id = $1 AND id = $2 AND confirmed_at IS NOT NULL RETURNING id',
        [userId, id],
      );
      return rows[0] ?? null;
    });
    return made?.epoch ?? null;
  }

  private async setupOf(userId: string, id: string, secret: string): Promise<AuthenticatorSetup> {
    const label = await this.options.accountName(userId);
    return { id, secret, uri: generateURI({ issuer: this.options.issuer, label, secret }) };
  }

  /** Of two uses of one code at once, one finds the step not yet spent. */
  private async spendStep({ id, secret }: AuthenticatorRecord, token: string): Promise<boolean> {
    const result = await verify({
      secret: this.cipher.open(secret, 'authenticators.secret', id),
      token,
      epochTolerance: TOLERANCE_SECONDS,
    });
    if (!result.valid) return false;
    const spent = await rowsOf(
      this.dataSource,
      'UPDATE authenticators SET last_step = $2 WHERE id = $1 AND last_step < $2 RETURNING 1',
      [id, (result as { timeStep: number }).timeStep],
    );
    return spent.length > 0;
  }

  private confirmed(userId: string): Promise<AuthenticatorRecord[]> {
    return rowsOf(
      this.dataSource,
      `SELECT id, secret, label FROM authenticators
        WHERE user_id = $1 AND confirmed_at IS NOT NULL ORDER BY created_at, id`,
      [userId],
    );
  }

  private unconfirmed({ userId, sid }: SignedInSession): Promise<AuthenticatorRecord[]> {
    return rowsOf(
      this.dataSource,
      `SELECT id, secret, label FROM authenticators
        WHERE user_id = $1 AND begun_in = $2 AND confirmed_at IS NULL
          AND created_at > now() - make_interval(mins => $3)
        ORDER BY created_at DESC LIMIT 1`,
      [userId, sid, SETUP_MINUTES],
    );
  }
}
