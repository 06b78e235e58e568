import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn, rowsOf } from '../../database/sql.js';

const ALL_OF_A_USER = [
  'enrolled_phones',
  'authenticators',
  'recovery_codes',
  'trusted_browsers',
  'step_up_grants',
  'factor_guards',
];

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
@Injectable()
export class FactorChanges {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** How often the user's factors have changed; 0 for somebody who never had any. */
  async epochOf(userId: string): Promise<number> {
    const rows = await rowsOf<{ epoch: number }>(
      this.dataSource,
      'SELECT epoch FROM factor_epochs WHERE user_id = $1',
      [userId],
    );
    return rows[0]?.epoch ?? 0;
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
   * @param change returns null when nothing was changed: then the epoch stays too
   * @returns what it returned, and the epoch after it
   */
  async make<T>(
    userId: string,
    change: (sql: EntityManager) => Promise<T | null>,
  ): Promise<{ changed: T; epoch: number } | null> {
    return this.dataSource.transaction(async (sql) => {
      // The row is locked from here: of two changes at once the second sees what the first has left.
      await rowsIn(
        sql,
        `INSERT INTO factor_epochs (user_id, epoch) VALUES ($1, 0)
         ON CONFLICT (user_id) DO UPDATE SET epoch = factor_epochs.epoch`,
        [userId],
      );
      const changed = await change(sql);
      if (changed === null) return null;
      const rows = await rowsIn<{ epoch: number }>(
        sql,
        'UPDATE factor_epochs SET epoch = epoch + 1 WHERE user_id = $1 RETURNING epoch',
        [userId],
      );
      return { changed, epoch: rows[0]!.epoch };
    });
  }
}
