import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { Problem } from '../../http/index.js';
import { HOST_OPTIONS, type HostOptions } from '../host.options.js';

/** The source of all browsers that have not signed in to the account before. */
export const STRANGERS = 'strangers';
/** The source of sessions that enter the current password on the account page. */
export const ACCOUNT_PAGE = 'account-page';

/** This many wrong passwords in a row have no wait. */
const FAILURES_WITHOUT_WAIT = 10;
/** The first wait is 1 s. Each later one is twice as long, up to this. */
const MAX_WAIT_SECONDS = 900;
/** After the last allowed failure, one guess per day. */
const LOCK_SECONDS = 86_400;
/**
 * Allowed wrong passwords in a row: together at most 100 (NIST SP 800-63B-4, 3.2.2) for an account with one known
 * browser. A known browser that reaches its limit is no longer known.
 */
export const MAX_FAILURES = { strangers: 80, other: 20 } as const;

/**
 * Counts wrong passwords in a row by account and source, so that a stranger's guesses do not lock out the owner. Addresses
 * without an account are counted too, so that the difference cannot be seen.
 */
@Injectable()
export class FailedPasswords {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(HOST_OPTIONS) private readonly options: HostOptions,
  ) {}

  /**
   * Counts a guess before the password is checked, so that parallel guesses cannot exceed the limit together.
   * @returns whether it was the last guess before the lock
   * @throws Problem `rate-limited` during a wait
   */
  async claim(email: string, source: string): Promise<{ isLast: boolean }> {
    const limit = source === STRANGERS ? MAX_FAILURES.strangers : MAX_FAILURES.other;
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
      [account, source, limit, LOCK_SECONDS, FAILURES_WITHOUT_WAIT, MAX_WAIT_SECONDS],
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

  /** Resets the count after a correct password. */
  async forget(email: string, source: string): Promise<void> {
    await rowsOf(this.dataSource, 'DELETE FROM host_failed_passwords WHERE account = $1 AND source = $2', [
      this.accountOf(email),
      source,
    ]);
  }

  /** Resets all counts and locks of an account after its password has changed. */
  async forgetAll(sql: EntityManager, email: string): Promise<void> {
    await rowsIn(sql, 'DELETE FROM host_failed_passwords WHERE account = $1', [this.accountOf(email)]);
  }

  /** A keyed hash: people may enter something private instead of an address. */
  private accountOf(email: string): Buffer {
    return createHmac('sha256', this.options.accountKey).update(email).digest();
  }
}
