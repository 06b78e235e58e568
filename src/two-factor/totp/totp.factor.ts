import { Injectable } from '@nestjs/common';
import { CodeFactor, type CodeFailure, type CodeResult, type EnrolledFactor } from '../challenge/factor.js';
import { FactorAttempts } from '../challenge/factor-attempts.js';
import type { SignedInCaller } from '../session/assurance.js';
import { Authenticators, normaliseCode } from './authenticators.service.js';

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
    if (code === null) return { ok: false, code: 'wrong-code' };
    return this.attempts.check(caller, this.method, async () => {
      for (const authenticator of await this.authenticators.ofUser(caller.userId))
        if (await this.authenticators.accept(authenticator, code)) return true;
      return false;
    });
  }

  /** Checks the first code of the app that is being set up, and makes the app a factor. @returns the user's epoch */
  async confirm(caller: SignedInCaller, typed: string): Promise<{ ok: true; epoch: number } | CodeFailure> {
    const pending = await this.authenticators.findPending(caller);
    const code = normaliseCode(typed);
    const result = await this.attempts.check(
      caller,
      this.method,
      async () => pending !== null && code !== null && this.authenticators.accept(pending, code),
    );
    if (!result.ok) return result;
    const epoch = await this.authenticators.confirm(caller, pending!);
    return epoch === null ? { ok: false, code: 'wrong-code' } : { ok: true, epoch };
  }
}
