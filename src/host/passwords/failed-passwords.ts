import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { Problem } from '../../http/index.js';
import { HOST_OPTIONS, type HostOptions } from '../host.options.js';

/** Everybody who has not signed in to the account in this browser before. */
export const STRANGERS = 'strangers';
/** Whoever types the present password on the account page, in a session of the user. */
export const ACCOUNT_PAGE = 'account-page';

/** Wrong passwords in a row before a wait follows each further one. */
const FREE = 10;
/** The first wait is 1 s; each is twice as long as the one before. */
const LONGEST_WAIT_SECONDS = 900;
/** After the last one that is allowed: from then on one guess a day. */
const LOCK_SECONDS = 86_400;
/**
 * Wrong passwords in a row. Together at most 100 (NIST SP 800-63B-4, 3.2.2) for an account with one known browser; a
 * browser that has used up its own is a stranger from then on.
 */
export const MOST_FAILURES = { strangers: 80, other: 20 } as const;

/**
 * Counts wrong passwords in a row, by account and by where they come from, so that a stranger's guesses do not close the
 * account to its owner. Counts for addresses without an account too, so that nobody can tell the difference.
 */
@Injectable()
export class FailedPasswords {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {}

  /**
   * Counts a guess before the password is looked at, so that parallel guesses cannot pass the limit together.
   * @returns whether it was the last one before the lock
   * @throws Problem `rate-limited` while there is a wait
   */
  async claim(email: string, source: string): Promise<{ isLast: boolean }> {
    const limit = source === STRANGERS ? MOST_FAILURES.strangers : MOST_FAILURES.other;
    const account = this.accountOf(email);
    const [claimed] = await rowsOf<{ failures: number }>(
      this.dataSource,
      `INSERT INTO host_failed_passwords AS f (account, source, failures, blocked_until, last_failed_at)
       VALUES ($1, $2, 1, clock_timestamp(), clock_timestamp())
       ON CONFLICT (account, source) DO UPDATE SET
         failures = f.failures + 1,
         blocked_until = clock_timestamp() + make_interval(secs => CASE
           WHEN f.failures + 1 >= $3 THEN $4
           WHEN f.failures + 1 < $5 THEN 0
           ELSE least($6, power(2, f.failures + 1 - $5)) END),
         last_failed_at = clock_timestamp()
       WHERE f.blocked_until <= clock_timestamp()
       RETURNING failures`,
      [account, source, limit, LOCK_SECONDS, FREE, LONGEST_WAIT_SECONDS],
    );
    if (claimed) return { isLast: claimed.failures === limit };
    const [blocked] = await rowsOf<{ seconds: number }>(
      this.dataSource,
      `SELECT ceil(extract(epoch FROM blocked_until - clock_timestamp()))::int AS seconds
         FROM host_failed_passwords WHERE account = $1 AND source = $2`,
      [account, source],
    );
    throw Problem.http('rate-limited', { retryAfterSeconds: Math.max(1, blocked?.seconds ?? 1) });
  }

  /** The password was right: the row of wrong ones is over. */
  async forget(email: string, source: string): Promise<void> {
    await rowsOf(this.dataSource, 'DELETE FROM host_failed_passwords WHERE account = $1 AND source = $2', [
      this.accountOf(email),
      source,
    ]);
  }

  /** The account has another password: all counts and locks of the old one end. */
  async forgetAll(sql: EntityManager, email: string): Promise<void> {
    await rowsIn(sql, 'DELETE FROM host_failed_passwords WHERE account = $1', [this.accountOf(email)]);
  }

  /** Keyed: what is typed as an address may be no address, and is nobody else's business. */
  private accountOf(email: string): Buffer {
    return createHmac('sha256', this.options.accountKey).update(email).digest();
  }
}
