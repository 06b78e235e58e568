import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { VerificationService } from '../../verification/index.js';
import type { SignedInSession } from '../assurance/assurance.js';
import { signInProblem } from '../guard/refusals.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';

const ALL_OF_A_USER = [
  'enrolled_phones',
  'authenticators',
  'recovery_codes',
  'trusted_browsers',
  'step_up_grants',
  'factor_guards',
];

/** Ends a transaction that has found nothing to change. */
class NothingChanged extends Error {}

/** What decides whether a session of a user is still good, read in one statement. */
export interface UserStanding {
  /** How often the user's factors have changed; 0 for somebody who never had any. */
  epoch: number;
  /** True when no trusted browser was asked about. */
  isBrowserTrusted: boolean;
  /** The database's clock, which alone decides how old a factor or a session is. */
  now: Date;
}

/** Changes of a user's factors, one after the other, each with a new epoch: sessions and trusted browsers of before end. */
/**
 * Changes of a user's factors, one after the other, each with a new epoch. Everything that was begun under the epoch
 * before ends with it: other sessions, trusted browsers, live codes, enrolments and step-ups.
 */
@Injectable()
export class FactorChanges {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly verifications: VerificationService,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** How often the user's factors have changed; 0 for somebody who never had any. */
  async epochOf(userId: string): Promise<number> {
    const rows = await rowsOf<{ epoch: number }>(
      this.dataSource,
      'SELECT epoch FROM factor_epochs WHERE user_id = $1',
      [userId],
    );
    return rows[0]?.epoch ?? 0;
  }

  /** Whether the session's epoch is still the user's, and the phone (if it is about one) is still enrolled. */
  async isCurrent({ userId, epoch }: SignedInSession, phoneId: string | null): Promise<boolean> {
    const rows = await rowsOf(
      this.dataSource,
      `SELECT 1
        WHERE coalesce((SELECT epoch FROM factor_epochs WHERE user_id = $1), 0) = $2
          AND ($3::uuid IS NULL OR EXISTS (SELECT 1 FROM enrolled_phones WHERE id = $3 AND user_id = $1))`,
      [userId, epoch, phoneId],
    );
    return rows.length > 0;
  }

  /**
   * The user's epoch and the database's time.
   * @param trustedBrowserId the browser that a session came in through. Its row is deleted when the trust is revoked or
   * its cookie was copied. A row of an earlier epoch still counts: the session in which factors were changed goes on.
   */
  async standingOf(userId: string, trustedBrowserId?: string): Promise<UserStanding> {
    const [row] = await rowsOf<UserStanding>(
      this.dataSource,
      `SELECT clock_timestamp() AS now,
              coalesce((SELECT epoch FROM factor_epochs WHERE user_id = $1), 0) AS epoch,
              $2::uuid IS NULL OR EXISTS (
                SELECT 1 FROM trusted_browsers
                 WHERE id = $2::uuid AND user_id = $1 AND expires_at > clock_timestamp()) AS "isBrowserTrusted"`,
      [userId, trustedBrowserId ?? null],
    );
    return row!;
  }

  /** Ends every session and every trusted browser of a user, in any host. The factors stay as they are. */
  async endSessions(userId: string): Promise<void> {
    await this.make(userId, async (sql) => {
      await rowsIn(sql, 'DELETE FROM trusted_browsers WHERE user_id = $1', [userId]);
      return true;
    });
  }

  /**
   * Takes every factor from a user, with all that was built on them: for somebody who has lost them, or is to be erased.
   * Sessions end.
   * @param also in the same transaction
   * @returns how many phones and apps there were
   */
  async reset(
    userId: string,
    also: (sql: EntityManager) => Promise<unknown> = async () => undefined,
  ): Promise<number> {
    const made = await this.make(userId, async (sql) => {
      const factors = await this.count(sql, userId);
      for (const table of ALL_OF_A_USER)
        await rowsIn(sql, `DELETE FROM ${table} WHERE user_id = $1`, [userId]);
      await also(sql);
      return { factors };
    });
    return made!.changed.factors;
  }

  /** The user's phones and authenticator apps, within a change. */
  async count(sql: EntityManager, userId: string): Promise<number> {
    const rows = await rowsIn<{ count: number }>(
      sql,
      `SELECT (SELECT count(*) FROM enrolled_phones WHERE user_id = $1)::int
            + (SELECT count(*) FROM authenticators WHERE user_id = $1 AND confirmed_at IS NOT NULL)::int AS count`,
      [userId],
    );
    return rows[0]!.count;
  }

  /**
   * Makes one change on behalf of an operator or the host, whatever the factors are now.
   * @param change returns null when there is nothing to change: then all that it wrote is taken back
   * @returns what it returned, and the epoch after it
   */
  make<T>(
    userId: string,
    change: (sql: EntityManager) => Promise<T | null>,
  ): Promise<{ changed: T; epoch: number } | null> {
    return this.makeUnder(userId, null, change);
  }

  /**
   * Makes one change asked for in a session, if the factors are still those under which it was admitted.
   * @throws Problem `sign-in-required` when they have changed meanwhile: this session has ended
   */
  makeIn<T>(
    { userId, epoch }: SignedInSession,
    change: (sql: EntityManager) => Promise<T | null>,
  ): Promise<{ changed: T; epoch: number } | null> {
    return this.makeUnder(userId, epoch, change);
  }

  private async makeUnder<T>(
    userId: string,
    admittedUnder: number | null,
    change: (sql: EntityManager) => Promise<T | null>,
  ): Promise<{ changed: T; epoch: number } | null> {
    let made: { changed: T; epoch: number };
    try {
      made = await this.dataSource.transaction(async (sql) => {
        const epoch = await this.lock(sql, userId);
        if (admittedUnder !== null && admittedUnder !== epoch) throw signInProblem(this.options.signInPath);
        const changed = await change(sql);
        if (changed === null) throw new NothingChanged();
        await this.voidPending(sql, userId);
        const rows = await rowsIn<{ epoch: number }>(
          sql,
          'UPDATE factor_epochs SET epoch = epoch + 1 WHERE user_id = $1 RETURNING epoch',
          [userId],
        );
        return { changed, epoch: rows[0]!.epoch };
      });
    } catch (error) {
      if (error instanceof NothingChanged) return null;
      throw error;
    }
    // They carry the epoch of before, so none could be accepted; this frees the numbers and tells the provider.
    await this.verifications.cancelAllOf(userId);
    return made;
  }

  /** From here on the second of two changes at once waits, and sees what the first has left. @returns the epoch */
  private async lock(sql: EntityManager, userId: string): Promise<number> {
    const rows = await rowsIn<{ epoch: number }>(
      sql,
      `INSERT INTO factor_epochs (user_id, epoch) VALUES ($1, 0)
       ON CONFLICT (user_id) DO UPDATE SET epoch = factor_epochs.epoch
       RETURNING epoch`,
      [userId],
    );
    return rows[0]!.epoch;
  }

  private async voidPending(sql: EntityManager, userId: string): Promise<void> {
    await rowsIn(sql, 'DELETE FROM authenticators WHERE user_id = $1 AND confirmed_at IS NULL', [userId]);
    await rowsIn(sql, 'DELETE FROM step_up_grants WHERE user_id = $1 AND used_at IS NULL', [userId]);
  }
}
