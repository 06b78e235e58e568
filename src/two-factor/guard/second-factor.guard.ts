import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ACCESS } from '../../http/index.js';
import { TwoFactorService } from '../two-factor.service.js';
import { factorRequired, signInRequired } from './refusals.js';
import { type AccessPolicy, ASSURANCE_OF_REQUEST } from './require-factor.js';

/**
 * Refuses by default: who is not signed in, or has a second factor and has not shown it, reaches only routes that say
 * that they are for them. Global where {@link TwoFactorModule} is; `@UseGuards(SecondFactorGuard)` elsewhere.
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
    const assurance = await this.twoFactor.assurance(request);
    (request as Request & { [ASSURANCE_OF_REQUEST]?: unknown })[ASSURANCE_OF_REQUEST] = assurance;
    const here = ['GET', 'HEAD'].includes(request.method) ? request.originalUrl : null;
    if (assurance.level === 'anonymous') throw signInRequired(this.twoFactor, here);
    if (policy === 'first-factor') return true;
    if (assurance.pending) {
      if (policy === 'enrolment' && !(await this.twoFactor.hasFactors(assurance.userId!))) return true;
      throw factorRequired(this.twoFactor, { factor: 'any', reason: 'missing' }, here);
    }
    if (policy === undefined || policy === 'enrolment') return true;
    const missing = await this.twoFactor.missing(request, policy);
    if (missing) throw factorRequired(this.twoFactor, missing, here);
    return true;
  }
}
