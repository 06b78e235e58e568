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
