import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { In, Repository } from 'typeorm';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { PersonalDataCipher } from '../../crypto/index.js';
import { rowsIn } from '../../database/sql.js';
import { statement, StatementRunner } from '../../database/statement.js';
import { VERIFICATION_POLICY, type VerificationPolicy, wrongCodeWaits } from '../../verification/index.js';
import type { SignedInCaller } from '../session/assurance.js';
import { Notices } from '../session/notices.js';
import type { CodeResult } from './factor.js';
import { FactorAttempt } from './factor-attempt.entity.js';

const LOCK_HOURS = 24;
/** One untrusted session or address is locked after this share of the wrong codes that lock all untrusted ones. */
const SHARE_OF_ONE_SOURCE = 0.5;

/** One row that counts a caller's wrong codes, and its limits. */
interface Counter {
  source: string;
  /** The wait after each wrong code in a row, in seconds. The last entry is for all that follow. */
  waits: (number | null)[];
  wrongCodesBeforeLock: number;
}

/** An attempt that was counted, or the seconds until the next one is possible. */
export type Attempt =
  | { waitSeconds: number }
  /** `locks`: the caller is locked out if this code is wrong too. */
  | { waitSeconds: null; locks: boolean };

/**
 * Limits wrong codes for a user's factors, over all requests and sessions. An attempt counts as wrong before the code is
 * checked, so a hundred guesses at once are only as many as the limit allows.
 *
 * Sessions that have shown a factor or came through a trusted browser share a counter of their own. All other sessions
 * have only shown the password: their wrong codes first lock the session and the address they come from, and only many
 * of them from several addresses lock all untrusted sessions. They never lock a trusted one. Every lock ends after a day.
 */
@Injectable()
export class FactorAttempts {
  constructor(
    @InjectLibraryRepository(FactorAttempt) private readonly attempts: Repository<FactorAttempt>,
    private readonly statements: StatementRunner,
    private readonly cipher: PersonalDataCipher,
    private readonly notices: Notices,
    @Inject(VERIFICATION_POLICY) private readonly policy: VerificationPolicy,
  ) {}

  /** Checks a code of a factor within the limits. @param verify checks it, and uses it up */
  async check(
    caller: SignedInCaller,
    method: string,
    verify: () => Promise<CodeResult>,
  ): Promise<CodeResult> {
    const attempt = await this.begin(caller, method);
    if (attempt.waitSeconds !== null)
      return { ok: false, code: 'rate-limited', retryAfterSeconds: attempt.waitSeconds };
    const result = await verify();
    if (result.ok) await this.reset(caller, method);
    else if (result.code === 'wrong-code') await this.wasWrong(caller, method, attempt);
    else await this.giveBack(caller, method);
    return result;
  }

  /**
   * Counts an attempt as wrong, until {@link reset} or {@link giveBack} takes that back. For codes that somebody else
   * checks; {@link check} is simpler.
   */
  async begin(caller: SignedInCaller, method: string): Promise<Attempt> {
    let locks = false;
    try {
      await this.attempts.manager.transaction(async (manager) => {
        for (const { source, waits, wrongCodesBeforeLock } of this.countersOf(caller)) {
          const [counted] = await rowsIn<{ locks: boolean }>(manager, COUNT_WRONG_CODE, [
            caller.userId,
            method,
            source,
            waits,
            wrongCodesBeforeLock,
          ]);
          if (!counted) throw new MustWait();
          locks ||= counted.locks;
        }
      });
      return { waitSeconds: null, locks };
    } catch (error) {
      if (!(error instanceof MustWait)) throw error;
      return { waitSeconds: (await this.waitSeconds(caller, method)) ?? 1 };
    }
  }

  /** The seconds until this caller may try a code of this factor again, or null. */
  async waitSeconds(caller: SignedInCaller, method: string): Promise<number | null> {
    const sources = this.countersOf(caller).map(({ source }) => source);
    const { seconds } = (await this.statements.one(READ_WAIT, { userId: caller.userId, method, sources }))!;
    return seconds !== null && seconds > 0 ? seconds : null;
  }

  /** The code was right: the caller's counters start again. */
  async reset(caller: SignedInCaller, method: string): Promise<void> {
    await this.attempts.delete(this.rowsOf(caller, method));
  }

  /** The code was not checked: the attempt does not count. */
  async giveBack(caller: SignedInCaller, method: string): Promise<void> {
    await this.attempts.update(this.rowsOf(caller, method), {
      wrongCodes: () => 'greatest(wrong_codes - 1, 0)',
      waitUntil: null,
      lockedUntil: null,
    });
  }

  /** The code was wrong. Notifies the user if this attempt has locked the caller out. */
  async wasWrong({ userId }: SignedInCaller, method: string, attempt: Attempt): Promise<void> {
    if (attempt.waitSeconds === null && attempt.locks)
      await this.notices.send(userId, { type: 'factor-locked', detail: method });
  }

  /**
   * Claims work that may run once at a time for a user, over all instances. Ends with {@link release}.
   * @param seconds after which the claim lapses if its process has stopped
   * @returns whether it was free
   */
  async claim(userId: string, work: string, seconds: number): Promise<boolean> {
    return (await this.statements.one(CLAIM_WORK, { userId, work, seconds })) !== null;
  }

  /** Ends a {@link claim}. */
  async release(userId: string, work: string): Promise<void> {
    await this.attempts.delete({ userId, method: work, source: '' });
  }

  private rowsOf(caller: SignedInCaller, method: string) {
    const sources = this.countersOf(caller).map(({ source }) => source);
    return { userId: caller.userId, method, source: In(sources) };
  }

  /** Always in the same order, so that two attempts at once never wait for each other's rows. */
  private countersOf({ level, sid, address }: SignedInCaller): Counter[] {
    const { wrongCodesBeforeLock } = this.policy;
    const waits = wrongCodeWaits(this.policy);
    if (level === 'two-factor') return [{ source: 'trusted', waits, wrongCodesBeforeLock }];
    const ofOne = { waits, wrongCodesBeforeLock: Math.ceil(wrongCodesBeforeLock * SHARE_OF_ONE_SOURCE) };
    const addressHash = this.cipher.fingerprint('limit', `factor address ${address}`).toString('base64url');
    const sessionHash = createHash('sha256').update(sid).digest('base64url');
    return [
      { source: `address ${addressHash}`, ...ofOne },
      { source: `session ${sessionHash}`, ...ofOne },
      { source: 'untrusted', waits: [null], wrongCodesBeforeLock },
    ];
  }
}

/** Rolls back the counters that were changed before the one that has to wait. */
class MustWait extends Error {}

/** Returns no row while the counter waits or is locked. After a lock it starts again at 1. */
const COUNT_WRONG_CODE = `
  INSERT INTO otp_factor_attempts AS a (user_id, method, source, wrong_codes, wait_until)
  VALUES ($1, $2, $3, 1, clock_timestamp() + make_interval(secs => ($4::float8[])[1]))
  ON CONFLICT (user_id, method, source) DO UPDATE
    SET wrong_codes = CASE WHEN a.locked_until IS NULL THEN a.wrong_codes + 1 ELSE 1 END,
        wait_until = clock_timestamp() + make_interval(secs => ($4::float8[])[
          CASE WHEN a.locked_until IS NULL THEN least(a.wrong_codes + 1, cardinality($4::float8[])) ELSE 1 END]),
        locked_until = CASE WHEN a.locked_until IS NULL AND a.wrong_codes + 1 >= $5
                            THEN clock_timestamp() + interval '${LOCK_HOURS} hours' END,
        updated_at = clock_timestamp()
    WHERE (a.wait_until IS NULL OR a.wait_until <= clock_timestamp())
      AND (a.locked_until IS NULL OR a.locked_until <= clock_timestamp())
  RETURNING a.locked_until IS NOT NULL AS locks`;

export const READ_WAIT = statement<
  { userId: string; method: string; sources: string[] },
  { seconds: number | null }
>(
  'read-factor-wait',
  `
  SELECT ceil(extract(epoch FROM max(greatest(wait_until, locked_until)) - clock_timestamp()))::int AS seconds
    FROM otp_factor_attempts
   WHERE user_id = :userId AND method = :method AND source = ANY(:sources::text[])`,
);

export const CLAIM_WORK = statement<{ userId: string; work: string; seconds: number }, object>(
  'claim-factor-work',
  `
  INSERT INTO otp_factor_attempts AS a (user_id, method, source, wait_until)
  VALUES (:userId, :work, '', clock_timestamp() + make_interval(secs => :seconds))
  ON CONFLICT (user_id, method, source) DO UPDATE
     SET wait_until = excluded.wait_until, updated_at = clock_timestamp()
   WHERE a.wait_until <= clock_timestamp()
  RETURNING a.method`,
);
