import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { PersonalDataCipher } from '../../crypto/index.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { VERIFICATION_POLICY, type VerificationPolicy } from '../../verification/index.js';
import { LogNotifier } from '../two-factor.notifier.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';
import type { FactorCaller } from './factor-caller.js';

/** An untrusted session or address is stopped by this share of the wrong codes that lock all of them. */
const SHARE_OF_ONE = 0.5;
const LOCK_HOURS = 24;
const NEVER = 1_000_000_000;

/** One count of wrong codes in a row. */
interface Count {
  /** `trusted`, `untrusted`, or the session or address they come from. */
  source: string;
  beforeWait: number;
  beforeLock: number;
}

/** What an attempt may do: be looked at, or wait. */
export type Attempt =
  | { waitSeconds: number }
  /** `locks`: if this code is wrong too, it is the last one for a day. */
  | { waitSeconds: null; locks: boolean };

/**
 * Limits wrong codes of a user's factors, over all requests and sessions. An attempt is spent before the code is looked
 * at, so that a hundred guesses at once are five.
 *
 * Sessions that have shown a factor, or that came from a trusted browser, have a count of their own. All others know no
 * more than the password: their wrong codes first stop the session and the address they come from, and only many of them
 * from several addresses stop all untrusted sessions. Nothing they do stops a trusted one. Every lock ends after a day.
 */
@Injectable()
export class FactorLimits {
  private readonly log = new LogNotifier();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cipher: PersonalDataCipher,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  /** Counts an attempt as wrong, until {@link forget} or {@link giveBack} says otherwise. */
  async spend(userId: string, method: string, caller: FactorCaller): Promise<Attempt> {
    const counts = this.countsOf(caller);
    const locks = await this.dataSource
      .transaction(async (sql) => {
        const spent = await rowsIn<{ locks: boolean }>(sql, SPEND, [
          userId,
          method,
          ...columnsOf(counts),
          this.policy.wrongCodeWaitSeconds,
          this.policy.wrongCodeMaxWaitSeconds,
          LOCK_HOURS,
        ]);
        if (spent.length < counts.length) throw new MustWait();
        return spent.some((each) => each.locks);
      })
      .catch((error: unknown) => {
        if (error instanceof MustWait) return null;
        throw error;
      });
    if (locks !== null) return { waitSeconds: null, locks };
    return { waitSeconds: (await this.waitSeconds(userId, method, caller)) ?? 1 };
  }

  /** @returns the seconds until this caller may try a code of this factor again; null when there is nothing to wait for */
  async waitSeconds(userId: string, method: string, caller: FactorCaller): Promise<number | null> {
    const [row] = await rowsOf<{ seconds: number | null }>(
      this.dataSource,
      `SELECT ceil(extract(epoch FROM max(greatest(wait_until, locked_until)) - clock_timestamp()))::int AS seconds
         FROM factor_guards WHERE user_id = $1 AND method = $2 AND source = ANY($3::text[])`,
      [userId, method, this.countsOf(caller).map(({ source }) => source)],
    );
    const seconds = row?.seconds ?? 0;
    return seconds > 0 ? seconds : null;
  }

  /** The code was right: this caller's count begins anew. */
  async forget(userId: string, method: string, caller: FactorCaller): Promise<void> {
    await this.delete(
      userId,
      method,
      this.countsOf(caller).map(({ source }) => source),
    );
  }

  /** Nobody has looked at the code: the attempt was none. */
  async giveBack(userId: string, method: string, caller: FactorCaller): Promise<void> {
    await rowsOf(
      this.dataSource,
      `UPDATE factor_guards SET wrong_codes = greatest(wrong_codes - 1, 0), wait_until = NULL, locked_until = NULL
        WHERE user_id = $1 AND method = $2 AND source = ANY($3::text[])`,
      [userId, method, this.countsOf(caller).map(({ source }) => source)],
    );
  }

  /** The code was wrong. Tells the user, once, when that was the last one for a day. */
  async wasWrong(userId: string, method: string, attempt: Attempt): Promise<void> {
    if (attempt.waitSeconds !== null || !attempt.locks) return;
    await (this.options.notifier ?? this.log).notify(userId, {
      type: 'factor-locked',
      at: new Date(),
      detail: method,
    });
  }

  /**
   * Claims work that may be done once at a time for a user, on all instances; ends with {@link endExclusive}.
   * @param seconds after which the claim lapses, if its process has died
   * @returns false while somebody else has the claim
   */
  async beginExclusive(userId: string, work: string, seconds: number): Promise<boolean> {
    const claimed = await rowsOf(
      this.dataSource,
      `INSERT INTO factor_guards AS g (user_id, method, source, wait_until, updated_at)
       VALUES ($1, $2, '', clock_timestamp() + make_interval(secs => $3), clock_timestamp())
       ON CONFLICT (user_id, method, source) DO UPDATE SET wait_until = excluded.wait_until
         WHERE g.wait_until <= clock_timestamp()
       RETURNING 1`,
      [userId, work, seconds],
    );
    return claimed.length > 0;
  }

  endExclusive(userId: string, work: string): Promise<void> {
    return this.delete(userId, work, ['']);
  }

  private async delete(userId: string, method: string, sources: string[]): Promise<void> {
    await rowsOf(
      this.dataSource,
      'DELETE FROM factor_guards WHERE user_id = $1 AND method = $2 AND source = ANY($3::text[])',
      [userId, method, sources],
    );
  }

  private countsOf({ isTrusted, session, address }: FactorCaller): Count[] {
    const { wrongCodesBeforeWait: beforeWait, wrongCodesBeforeLock: beforeLock } = this.policy;
    if (isTrusted) return [{ source: 'trusted', beforeWait, beforeLock }];
    const own = { beforeWait, beforeLock: Math.ceil(beforeLock * SHARE_OF_ONE) };
    const sessionHash = createHash('sha256').update(session).digest('base64url');
    const addressHash = this.cipher.fingerprint('limit', `factor address ${address}`).toString('base64url');
    // Always in this order, so that two attempts at once never wait for each other.
    return [
      { source: `address ${addressHash}`, ...own },
      { source: `session ${sessionHash}`, ...own },
      { source: 'untrusted', beforeWait: NEVER, beforeLock },
    ];
  }
}

/** Ends the transaction: what it has counted already is taken back. */
class MustWait extends Error {}

const columnsOf = (counts: Count[]) => [
  counts.map(({ source }) => source),
  counts.map(({ beforeWait }) => beforeWait),
  counts.map(({ beforeLock }) => beforeLock),
];

/** Counts in every row that neither waits nor is locked. A lock that is over begins a new row of wrong codes. */
const SPEND = `
  WITH counts AS (
    SELECT * FROM unnest($3::text[], $4::int[], $5::int[]) AS c (source, before_wait, before_lock)),
  now_is AS MATERIALIZED (SELECT clock_timestamp() AS moment),
  spent AS (
    INSERT INTO factor_guards AS g (user_id, method, source, wrong_codes, updated_at)
    SELECT $1, $2, c.source, 1, n.moment FROM counts c, now_is n ORDER BY c.source
    ON CONFLICT (user_id, method, source) DO UPDATE
      SET wrong_codes = CASE WHEN g.locked_until IS NULL THEN g.wrong_codes + 1 ELSE 1 END,
          wait_until = (SELECT CASE WHEN g.locked_until IS NULL AND g.wrong_codes + 1 >= c.before_wait
                                    THEN clock_timestamp() + make_interval(secs =>
                                      least($6::float8 * power(2, least(g.wrong_codes + 1 - c.before_wait, 20)), $7::float8)) END
                          FROM counts c WHERE c.source = excluded.source),
          locked_until = (SELECT CASE WHEN g.locked_until IS NULL AND g.wrong_codes + 1 >= c.before_lock
                                      THEN clock_timestamp() + make_interval(hours => $8::int) END
                            FROM counts c WHERE c.source = excluded.source),
          updated_at = excluded.updated_at
      WHERE (g.wait_until IS NULL OR g.wait_until <= clock_timestamp())
        AND (g.locked_until IS NULL OR g.locked_until <= clock_timestamp())
    RETURNING g.locked_until IS NOT NULL AS locks)
  SELECT locks FROM spent`;
