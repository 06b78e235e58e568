import { Injectable } from '@nestjs/common';
import { CodeFactor, type CodeFailure, type CodeResult, type EnrolledFactor } from '../challenge/factor.js';
import { FactorAttempts } from '../challenge/factor-attempts.js';
import type { SignedInCaller } from '../session/assurance.js';
import { Authenticators, normaliseCode } from './authenticators.service.js';

const WRONG_CODE: CodeFailure = { ok: false, code: 'wrong-code' };
const tooMany = (retryAfterSeconds: number): CodeFailure => ({
  ok: false,
  code: 'rate-limited',
  retryAfterSeconds,
});

/** Codes of an authenticator app (TOTP, RFC 6238). */
@Injectable()
export class TotpFactor extends CodeFactor {
  readonly method = 'totp';
  readonly amr = 'otp';

  constructor(
    private readonly authenticators: Authenticators,
    private readonly attempts: FactorAttempts,
  ) {
    super();
  }

  async enrolledBy(userId: string): Promise<EnrolledFactor[]> {
    const authenticators = await this.authenticators.ofUser(userId);
    return authenticators.map(({ id, label }, index) => ({
      method: this.method,
      id,
      label,
      hint: '',
      primary: index === 0,
    }));
  }

  async verify(caller: SignedInCaller, typed: string): Promise<CodeResult> {
    const code = normaliseCode(typed);
    // Anything else is a slip, not a guess, and is not counted.
    if (code === null) return WRONG_CODE;
    const attempt = await this.attempts.begin(caller, this.method);
    if (attempt.waitSeconds !== null) return tooMany(attempt.waitSeconds);
    for (const authenticator of await this.authenticators.ofUser(caller.userId)) {
      if (await this.authenticators.accept(authenticator, code)) {
        await this.attempts.reset(caller, this.method);
        return { ok: true };
      }
    }
    await this.attempts.wasWrong(caller, this.method, attempt);
    return WRONG_CODE;
  }

  /** Checks the first code of the app that is being set up, and makes the app a factor. @returns the user's epoch */
  async confirm(caller: SignedInCaller, typed: string): Promise<{ ok: true; epoch: number } | CodeFailure> {
    const attempt = await this.attempts.begin(caller, this.method);
    if (attempt.waitSeconds !== null) return tooMany(attempt.waitSeconds);
    const pending = await this.authenticators.findPending(caller);
    const code = normaliseCode(typed);
    if (!pending || code === null || !(await this.authenticators.accept(pending, code))) return WRONG_CODE;
    await this.attempts.reset(caller, this.method);
    const epoch = await this.authenticators.confirm(caller, pending);
    return epoch === null ? WRONG_CODE : { ok: true, epoch };
  }
}
