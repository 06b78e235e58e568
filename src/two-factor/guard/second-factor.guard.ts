import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ACCESS } from '../../http/index.js';
import { ANY_FACTOR } from '../session/assurance.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { factorRequired, signInRequired } from './refusals.js';
import { type AccessPolicy, ADMITTED } from './require-factor.js';

/**
 * Denies by default: whoever is not signed in, or has not shown a required second factor, only reaches the routes whose
 * decorators let them in. Global where {@link TwoFactorModule} is, or `@UseGuards(SecondFactorGuard)`.
 */
@Injectable()
export class SecondFactorGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly twoFactor: TwoFactorService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const policy = this.reflector.getAllAndOverride<AccessPolicy | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (policy === 'open') return true;
    const request = context.switchToHttp().getRequest<Request>();
    // The global guard has admitted it already.
    if (ADMITTED.has(request)) return true;
    const assurance = await this.twoFactor.assurance(request);
    const here = ['GET', 'HEAD'].includes(request.method) ? request.originalUrl : null;
    if (assurance.level === 'anonymous') throw signInRequired(this.twoFactor, here);
    const isEnrollingFirst = async () =>
      policy === 'enrolment' && !(await this.twoFactor.hasFactors(assurance.userId));
    if (policy !== 'first-factor' && assurance.pending && !(await isEnrollingFirst()))
      throw factorRequired(this.twoFactor, { factor: ANY_FACTOR, reason: 'missing' }, here);
    if (typeof policy === 'object') {
      const missing = await this.twoFactor.missing(request, policy);
      if (missing) throw factorRequired(this.twoFactor, missing, here);
    }
    ADMITTED.set(request, assurance);
    return true;
  }
}
