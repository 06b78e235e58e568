import { Injectable } from '@nestjs/common';
import { type CodeDefect, readTypedCode } from '../../verification/index.js';
import {
  CodeFactor,
  type CodeFailure,
  type CodeResult,
  type EnrolledFactor,
  namedFactors,
} from '../challenge/factor.js';
import { FactorAttempts } from '../challenge/factor-attempts.js';
import type { SignedInCaller } from '../session/assurance.js';
import { Authenticators } from './authenticators.service.js';

/** What authenticator apps show. */
export const CODE_SHAPE = { length: 6 };

const malformed = (defect: CodeDefect): CodeFailure => ({ ok: false, code: 'invalid-input', defect });

/** Codes of an authenticator app (TOTP, RFC 6238). */
@Injectable()
export class TotpFactor extends CodeFactor {
  readonly method = 'totp';
  readonly amr = 'otp';
  override readonly codeLength = CODE_SHAPE.length;

  constructor(
    private readonly authenticators: Authenticators,
    private readonly attempts: FactorAttempts,
  ) {
    super();
  }

  async enrolledBy(userId: string): Promise<EnrolledFactor[]> {
    return namedFactors(this.method, await this.authenticators.ofUser(userId));
  }

  async verify(caller: SignedInCaller, typed: string): Promise<CodeResult> {
    const read = readTypedCode(typed, CODE_SHAPE);
    if ('defect' in read) return malformed(read.defect);
    return this.attempts.check(caller, this.method, async () => {
      let failure: CodeFailure = { ok: false, code: 'wrong-code' };
      for (const authenticator of await this.authenticators.ofUser(caller.userId)) {
        const result = await this.authenticators.accept(authenticator, read.code, caller.sid);
        if (result.ok || result.code === 'code-used') return result;
        if (result.mayBeUsed) failure = result;
      }
      return failure;
    });
  }

  /** Checks the first code of the app that is being set up, and makes the app a factor. @returns the user's epoch */
  async confirm(caller: SignedInCaller, typed: string): Promise<{ ok: true; epoch: number } | CodeFailure> {
    const read = readTypedCode(typed, CODE_SHAPE);
    if ('defect' in read) return malformed(read.defect);
    const pending = await this.authenticators.findPending(caller);
    const result = await this.attempts.check(caller, this.method, () =>
      pending
        ? this.authenticators.accept(pending, read.code, caller.sid)
        : Promise.resolve({ ok: false, code: 'wrong-code' }),
    );
    if (!result.ok) return result;
    const epoch = await this.authenticators.confirm(caller, pending!);
    return epoch === null ? { ok: false, code: 'wrong-code' } : { ok: true, epoch };
  }
}
