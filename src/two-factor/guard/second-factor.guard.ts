import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ACCESS } from '../../http/index.js';
import { ANY_FACTOR, type MissingFactor } from '../session/assurance.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { type ResolvedTwoFactorOptions, TWO_FACTOR_OPTIONS } from '../two-factor.options.js';
import { factorRequired, signInRequired } from './refusals.js';
import { type AccessPolicy, ADMITTED } from './require-factor.js';

/**
 * Denies by default: whoever is not signed in, or has not shown a required second factor, only reaches the routes whose
 * decorators let them in. Global where {@link TwoFactorModule} is, or `@UseGuards(SecondFactorGuard)`. Calls that are not
 * HTTP are judged by the request that `requestOf` finds, and refused without one.
 */
@Injectable()
export class SecondFactorGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly twoFactor: TwoFactorService,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const policy = this.reflector.getAllAndOverride<AccessPolicy | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (policy === 'open' || this.options.isPublic(context)) return true;
    if (context.getType() !== 'http') return this.mayCall(context, policy);
    const request = context.switchToHttp().getRequest<Request>();
    // The global guard has admitted it already.
    if (ADMITTED.has(request)) return true;
    const here = ['GET', 'HEAD'].includes(request.method) ? request.originalUrl : null;
    const missing = await this.missing(request, policy);
    if (missing === 'sign-in') throw signInRequired(this.twoFactor, here);
    if (missing) throw factorRequired(this.twoFactor, missing, here);
    ADMITTED.set(request, await this.twoFactor.assurance(request));
    return true;
  }

  /** Nest turns a refusal into the error of the transport. */
  private async mayCall(context: ExecutionContext, policy: AccessPolicy | undefined): Promise<boolean> {
    const request = this.options.requestOf(context);
    if (!request) return false;
    // A connection outlives its session, so what was read for the last call does not count.
    this.twoFactor.refresh(request);
    return (await this.missing(request, policy)) === null;
  }

  /** What the caller lacks; null for nothing. */
  private async missing(
    request: Request,
    policy: AccessPolicy | undefined,
  ): Promise<'sign-in' | MissingFactor | null> {
    const assurance = await this.twoFactor.assurance(request);
    if (assurance.level === 'anonymous') return 'sign-in';
    const isEnrollingFirst = async () =>
      policy === 'enrolment' && !(await this.twoFactor.hasFactors(assurance.userId));
    if (policy !== 'first-factor' && assurance.pending && !(await isEnrollingFirst()))
      return { factor: ANY_FACTOR, reason: 'missing' };
    return typeof policy === 'object' ? this.twoFactor.missing(request, policy) : null;
  }
}
