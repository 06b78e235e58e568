import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { rowsOf } from '../../database/sql.js';

const WRONG_BEFORE_WAIT = 5;
const FIRST_WAIT_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 3600;

/**
 * Guesses at codes that nobody sends: five wrong ones in a row bring a wait of 30 seconds, doubled by each further one.
 * An attempt is spent before the code is looked at, so that a hundred guesses at once are five.
 */
@Injectable()
export class FactorLimits {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @returns null when the code may be looked at, else the seconds to wait */
  async spend(userId: string, method: string): Promise<number | null> {
    const spent = await rowsOf(
      this.dataSource,
      `INSERT INTO factor_guards AS g (user_id, method, wrong_codes) VALUES ($1, $2, 1)
       ON CONFLICT (user_id, method) DO UPDATE
         SET wrong_codes = g.wrong_codes + 1,
             wait_until = CASE WHEN g.wrong_codes + 1 >= $3::int THEN clock_timestamp() + make_interval(secs =>
               least($4::float8 * power(2, least(g.wrong_codes + 1 - $3::int, 20)), $5::float8)) END
         WHERE g.wait_until IS NULL OR g.wait_until <= clock_timestamp()
       RETURNING 1`,
      [userId, method, WRONG_BEFORE_WAIT, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
    );
    if (spent.length > 0) return null;
    const [waiting] = await rowsOf<{ seconds: number }>(
      this.dataSource,
      `SELECT ceil(extract(epoch FROM wait_until - clock_timestamp()))::int AS seconds
         FROM factor_guards WHERE user_id = $1 AND method = $2`,
      [userId, method],
    );
    return Math.max(1, waiting?.seconds ?? 1);
  }

  /**
   * Claims work that may be done once at a time for a user, on all instances; ends with {@link forget}.
   * @param seconds after which the claim lapses, if its process has died
   * @returns false while somebody else has the claim
   */
  async beginExclusive(userId: string, work: string, seconds: number): Promise<boolean> {
    const claimed = await rowsOf(
      this.dataSource,
      `INSERT INTO factor_guards AS g (user_id, method, wait_until)
       VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
       ON CONFLICT (user_id, method) DO UPDATE SET wait_until = excluded.wait_until
         WHERE g.wait_until <= clock_timestamp()
       RETURNING 1`,
      [userId, work, seconds],
    );
    return claimed.length > 0;
  }

  /** The code was right. */
  async forget(userId: string, method: string): Promise<void> {
    await rowsOf(this.dataSource, 'DELETE FROM factor_guards WHERE user_id = $1 AND method = $2', [
      userId,
      method,
    ]);
  }
}
