import { Inject, Injectable } from '@nestjs/common';
import { PasskeyFactor } from '../passkeys/passkey.factor.js';
import { SmsFactor } from '../sms/sms.factor.js';
import { TotpFactor } from '../totp/totp.factor.js';
import { TWO_FACTOR_OPTIONS, type ResolvedTwoFactorOptions } from '../two-factor.options.js';
import { CodeFactor, type EnrolledFactor, type Factor } from './factor.js';

/** All kinds of second factors: those of this module, and the host's. */
@Injectable()
export class Factors {
  readonly all: readonly Factor[];
  /** The `amr` value of each method. */
  readonly amr: ReadonlyMap<string, string>;

  constructor(
    passkeys: PasskeyFactor,
    totp: TotpFactor,
    sms: SmsFactor,
    @Inject(TWO_FACTOR_OPTIONS) options: ResolvedTwoFactorOptions,
  ) {
    this.all = [passkeys, totp, sms, ...options.factors];
    this.amr = new Map(this.all.map(({ method, amr }) => [method, amr]));
  }

  /** What a user can show, in the order in which it is offered. */
  async enrolledBy(userId: string): Promise<EnrolledFactor[]> {
    return (await Promise.all(this.all.map((factor) => factor.enrolledBy(userId)))).flat();
  }

  /** Whether a user can show any second factor. */
  async hasAny(userId: string): Promise<boolean> {
    return (await this.enrolledBy(userId)).length > 0;
  }

  /** The factor of this method if users type its codes without being sent one. */
  codeFactor(method: string): CodeFactor | undefined {
    return this.all.find((each): each is CodeFactor => each instanceof CodeFactor && each.method === method);
  }
}
