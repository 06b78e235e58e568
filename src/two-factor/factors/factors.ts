import { Inject, Injectable } from '@nestjs/common';
import { SmsFactor } from '../phones/sms.factor.js';
import { RESOLVED_OPTIONS, type ResolvedOptions } from '../two-factor.options.js';
import { CodeFactor, type EnrolledFactor, type Factor } from './factor.js';
import { TotpFactor } from './totp.factor.js';

/** Every kind of second factor that there is here. */
@Injectable()
export class Factors {
  readonly all: readonly Factor[];
  /** `amr` values by method. */
  readonly amr: ReadonlyMap<string, string>;

  constructor(sms: SmsFactor, totp: TotpFactor, @Inject(RESOLVED_OPTIONS) options: ResolvedOptions) {
    this.all = [sms, totp, ...options.factors];
    this.amr = new Map(this.all.map(({ method, amr }) => [method, amr]));
  }

  /** What a user can show, in the order in which it is offered. */
  async enrolledBy(userId: string): Promise<EnrolledFactor[]> {
    return (await Promise.all(this.all.map((factor) => factor.enrolledBy(userId)))).flat();
  }

  /** The one whose codes nobody sends; undefined when there is none of that name. */
  codeFactor(method: string): CodeFactor | undefined {
    return this.all.find((each): each is CodeFactor => each instanceof CodeFactor && each.method === method);
  }
}
