import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { ACCESS, isOwnRoute, opensPage, type Problem } from '../../http/index.js';
import type { MissingFactor } from '../session/assurance.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { type ResolvedTwoFactorOptions, TWO_FACTOR_OPTIONS } from '../two-factor.options.js';
import { type AccessPolicy, admit, isAdmitted } from './admissions.js';
import { factorRequired, NO_FACTOR_YET, signInRequired } from './refusals.js';

/**
 * Denies by default: a caller who is not signed in, or has not shown a required second factor, only reaches the routes whose
 * decorators let them in. Global where {@link TwoFactorModule} is, or `@UseGuards(SecondFactorGuard)`. Calls that are not
 * HTTP are judged by the request that `requestOf` finds, and refused without one.
 */
@Injectable()
export class SecondFactorGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
    @Inject(TWO_FACTOR_OPTIONS) private readonly options: ResolvedTwoFactorOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const policy = this.reflector.getAllAndOverride<AccessPolicy | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (policy === 'open' || this.isPublic(context, policy)) return true;
    if (context.getType() !== 'http') return this.mayCall(context, policy);
    const request = context.switchToHttp().getRequest<Request>();
    // The global guard has admitted it already.
    if (isAdmitted(request, context.getHandler())) return true;
    const here = this.paths.here(request);
    const missing = await this.missing(request, policy);
    if (missing) {
      const problem =
        missing === 'sign-in' ? signInRequired(this.paths, here) : factorRequired(this.paths, missing, here);
      return this.refuse(problem, context);
    }
    admit(request, context.getHandler(), await this.twoFactor.assurance(request));
    return true;
  }

  /**
   * Whether the host's own marker opens the route. It may be on our controllers too, for a guard of the host: ours needs to
   * know who is signed in there. Beside a demand of ours it opens nothing.
   */
  private isPublic(context: ExecutionContext, policy: AccessPolicy | undefined): boolean {
    if (policy !== undefined || isOwnRoute(context)) return false;
    // A promise would open every route.
    const isOpen: unknown = this.options.isPublic(context);
    return isOpen === true;
  }

  /**
   * On a route of ours, our filter answers. On one of the host's, the host's filter does; only a person who opens a page
   * is led on, to where the factor can be shown.
   */
  private refuse(problem: Problem, context: ExecutionContext): Promise<never> {
    if (isOwnRoute(context)) throw problem;
    const { headers = {}, redirectTo } = problem.details;
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (!opensPage(request) || redirectTo === undefined) throw problem;
    response.setHeader('Cache-Control', 'no-store');
    response.vary('Accept').redirect(303, redirectTo);
    // The answer is sent, so nothing may follow. Passport's guard does the same.
    return new Promise(() => undefined);
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
    if (policy !== 'first-factor' && assurance.pending && !(await isEnrollingFirst())) return NO_FACTOR_YET;
    return typeof policy === 'object' ? this.twoFactor.missing(request, policy) : null;
  }
}
