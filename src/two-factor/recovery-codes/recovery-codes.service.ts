import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { IsNull, Repository } from 'typeorm';
import { InjectLibraryRepository } from '../../database/library-data-source.js';
import { hash, verify } from '../../crypto/index.js';
import { Problem } from '../../http/index.js';
import { readTypedCode } from '../../verification/index.js';
import type { CodeResult } from '../challenge/factor.js';
import { FactorAttempts } from '../challenge/factor-attempts.js';
import { FactorChanges } from '../enrolment/factor-changes.js';
import type { SignedInAssurance, SignedInCaller } from '../session/assurance.js';
import { RECOVERY } from '../session/authentication-state.js';
import { RecoveryCode } from './recovery-code.entity.js';

const CODES = 10;
/** Crockford's base 32, without letters that look like digits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const SELECTOR_LENGTH = 2;
const SECRET_LENGTH = 12;
/** Letters that the alphabet leaves out because they look like others. */
const LOOK_ALIKES = { o: '0', i: '1', l: '1', u: 'v' };
const SHAPE = { length: SELECTOR_LENGTH + SECRET_LENGTH, alphabet: ALPHABET, lookAlikes: LOOK_ALIKES };

/** Claimed while codes are made for a user, because hashing them is expensive. */
const MAKING_CODES = 'recovery-sheet';
/** The claim lapses after this time, in case its process has stopped. */
const LONGEST_MAKING_SECONDS = 30;
const RETRY_AFTER_SECONDS = 2;

const random = (length: number) =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** Ten codes that replace a second factor, each once. Only their hashes are stored. */
@Injectable()
export class RecoveryCodes {
  /** Compared with when there is no such code, so that the response takes as long. */
  private readonly decoy = hash(random(SECRET_LENGTH));

  constructor(
    @InjectLibraryRepository(RecoveryCode) private readonly codes: Repository<RecoveryCode>,
    private readonly attempts: FactorAttempts,
    private readonly changes: FactorChanges,
  ) {}

  /** How many codes the user has not used yet. */
  left(userId: string): Promise<number> {
    return this.codes.countBy({ userId, usedAt: IsNull() });
  }

  /**
   * Makes new codes, which replace all earlier ones. A user's codes are made once at a time.
   * @returns the codes, which cannot be read again, and the user's epoch
   * @throws Problem `rate-limited` while others are being made
   */
  async regenerate(session: SignedInAssurance): Promise<{ codes: string[]; epoch: number }> {
    const { userId } = session;
    if (!(await this.attempts.claim(userId, MAKING_CODES, LONGEST_MAKING_SECONDS)))
      throw Problem.http('rate-limited', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    try {
      const selectors = new Set<string>();
      while (selectors.size < CODES) selectors.add(random(SELECTOR_LENGTH));
      const codes: string[] = [];
      const rows: Pick<RecoveryCode, 'userId' | 'selector' | 'hash'>[] = [];
      // One hash at a time, so that other users' hashes need not wait for all of these.
      for (const selector of selectors) {
        const secret = random(SECRET_LENGTH);
        codes.push(inGroups(selector + secret));
        rows.push({ userId, selector, hash: await hash(secret) });
      }
      const made = await this.changes.makeIn(session, async (manager) => {
        await manager.delete(RecoveryCode, { userId });
        await manager.insert(RecoveryCode, rows);
        return true;
      });
      return { codes, epoch: made!.epoch };
    } finally {
      await this.attempts.release(userId, MAKING_CODES);
    }
  }

  /** Checks a code and uses it up. Of two uses at once, one is accepted. */
  async use(caller: SignedInCaller, typed: string): Promise<CodeResult> {
    const read = readTypedCode(typed, SHAPE);
    if ('defect' in read) return { ok: false, code: 'invalid-input', defect: read.defect };
    return this.attempts.check(caller, RECOVERY, async () => {
      const selector = read.code.slice(0, SELECTOR_LENGTH);
      const secret = read.code.slice(SELECTOR_LENGTH);
      const unused = { userId: caller.userId, selector, usedAt: IsNull() };
      const code = await this.codes.findOneBy(unused);
      const isRight = await verify(code?.hash ?? (await this.decoy), secret);
      if (!code || !isRight) return { ok: false, code: 'wrong-code' };
      const { affected } = await this.codes.update({ ...unused, hash: code.hash }, { usedAt: () => 'now()' });
      return affected === 1 ? { ok: true } : { ok: false, code: 'wrong-code' };
    });
  }
}

const inGroups = (code: string) => code.replace(/(.{5})(.{5})(.{4})/, '$1-$2-$3');
