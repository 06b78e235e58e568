import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { hash, verify } from '../../crypto/index.js';
import { rowsIn, rowsOf } from '../../database/sql.js';
import { Problem } from '../../http/index.js';
import type { CodeResult } from '../factors/factor.js';
import { type FactorCaller, UNKNOWN_CALLER } from '../factors/factor-caller.js';
import { FactorChanges } from '../factors/factor-changes.js';
import { FactorLimits } from '../factors/factor-limits.js';
import { RECOVERY, type SignedInSession } from '../assurance/assurance.js';

export const RECOVERY_CODES = 10;
/** Crockford's base 32: no letters that look like digits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const SELECTOR_LENGTH = 2;
const SECRET_LENGTH = 12;
/** Names, among the user's limits, that a sheet is being made. */
const SHEET = 'recovery-sheet';
/** After this time, the process that was making a sheet is taken for dead. */
const LONGEST_SHEET_SECONDS = 30;
const SHEET_RETRY_SECONDS = 2;
const SHAPE = new RegExp(`^([${ALPHABET}]{${SELECTOR_LENGTH}})([${ALPHABET}]{${SECRET_LENGTH}})$`);

const random = (length: number) =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** A sheet of ten codes that each stand in for a second factor once. Only their hashes are kept. */
@Injectable()
export class RecoveryCodes {
  /** Looked at when there is nothing to look at: the answer takes as long. */
  private readonly decoy = hash(random(SECRET_LENGTH));

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly limits: FactorLimits,
    private readonly changes: FactorChanges,
  ) {}

  /** How many can still be used. */
  async left(userId: string): Promise<number> {
    const rows = await rowsOf<{ left: number }>(
      this.dataSource,
      'SELECT count(*)::int AS left FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL',
      [userId],
    );
    return rows[0]!.left;
  }

  /**
   * Makes a new sheet; the old one is worth nothing any more. One sheet at a time is made for a user.
   * @returns the codes, which nobody can ever read again, and the epoch
   * @throws Problem `rate-limited` while another sheet is being made
   */
  async regenerate(session: SignedInSession): Promise<{ codes: string[]; epoch: number }> {
    const { userId } = session;
    if (!(await this.limits.beginExclusive(userId, SHEET, LONGEST_SHEET_SECONDS)))
      throw Problem.http('rate-limited', { retryAfterSeconds: SHEET_RETRY_SECONDS });
    try {
      return await this.makeSheet(session);
    } finally {
      await this.limits.endExclusive(userId, SHEET);
    }
  }

  private async makeSheet(session: SignedInSession): Promise<{ codes: string[]; epoch: number }> {
    const { userId } = session;
    const selectors = new Set<string>();
    while (selectors.size < RECOVERY_CODES) selectors.add(random(SELECTOR_LENGTH));
    const codes: { selector: string; secret: string; hash: string }[] = [];
    // One after the other: a sheet never takes more than one place in the queue for hash work.
    for (const selector of selectors) {
      const secret = random(SECRET_LENGTH);
      codes.push({ selector, secret, hash: await hash(secret) });
    }
    const made = await this.changes.makeIn(session, async (sql) => {
      await rowsIn(sql, 'DELETE FROM recovery_codes WHERE user_id = $1', [userId]);
      await rowsIn(
        sql,
        `INSERT INTO recovery_codes (user_id, selector, hash, created_at)
         SELECT $1, selector, hash, now() FROM unnest($2::text[], $3::text[]) AS made (selector, hash)`,
        [userId, codes.map(({ selector }) => selector), codes.map(({ hash }) => hash)],
      );
      return true;
    });
    return {
      codes: codes.map(({ selector, secret }) => inGroups(selector + secret)),
      epoch: made!.epoch,
    };
  }

  /** Spends one code; of two uses at once one counts. */
  async use(userId: string, typed: string, caller: FactorCaller = UNKNOWN_CALLER): Promise<CodeResult> {
    const attempt = await this.limits.spend(userId, RECOVERY, caller);
    if (attempt.waitSeconds !== null)
      return { ok: false, code: 'rate-limited', retryAfterSeconds: attempt.waitSeconds };
    const [, selector = '', secret = ''] = SHAPE.exec(normalise(typed)) ?? [];
    const [row] = await rowsOf<{ hash: string }>(
      this.dataSource,
      'SELECT hash FROM recovery_codes WHERE user_id = $1 AND selector = $2 AND used_at IS NULL',
      [userId, selector],
    );
    const isRight = await verify(row?.hash ?? (await this.decoy), secret);
    const used =
      isRight &&
      row !== undefined &&
      (await rowsOf(
        this.dataSource,
        `UPDATE recovery_codes SET used_at = now()
          WHERE user_id = $1 AND selector = $2 AND hash = $3 AND used_at IS NULL RETURNING 1`,
        [userId, selector, row.hash],
      ));
    if (!used || used.length === 0) {
      await this.limits.wasWrong(userId, RECOVERY, attempt);
      return { ok: false, code: 'wrong-code' };
    }
    await this.limits.forget(userId, RECOVERY, caller);
    return { ok: true };
  }
}

const inGroups = (code: string) => code.replace(/(.{5})(.{5})(.{4})/, '$1-$2-$3');

/** As people type it: in any case, with or without the dashes, with letters that the alphabet has digits for. */
function normalise(typed: string): string {
  return typed
    .toLowerCase()
    .replace(/[\s-]/g, '')
    .replaceAll('o', '0')
    .replace(/[il]/g, '1')
    .replaceAll('u', 'v');
}
