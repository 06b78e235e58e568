import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  HttpCode,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import { ApiConsumes } from '../../openapi/decorators.js';
import type { Request } from 'express';
import { BODIES } from '../../http/index.js';
import { KeptPosts } from '../kept-posts/kept-posts.service.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { signInRequired } from './refusals.js';

/**
 * Admits a change of factors when the user has just shown a factor, or the password when there is none yet. A form that
 * comes too late is kept until a factor was shown.
 */
@Injectable()
export class FreshForChangeGuard implements CanActivate {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
    private readonly keptPosts: KeptPosts,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const missing = await this.twoFactor.missingForChange(request);
    const assurance = await this.twoFactor.assurance(request);
    const page = this.paths.settings;
    if (missing === 'sign-in' || assurance.userId === null)
      throw signInRequired(this.paths, this.paths.here(request) ?? page, {
        again: assurance.userId !== null,
      });
    if (missing) {
      const about = { question: { key: 'kept.change' }, page };
      throw await this.keptPosts.confirmationOf(request, assurance, missing, about);
    }
    await this.keptPosts.restore(request, assurance);
    return true;
  }
}

/** On each `POST` that changes factors: behind the guard, and answered with 200. */
export const ChangesFactors = () =>
  applyDecorators(HttpCode(200), ApiConsumes(...BODIES), UseGuards(FreshForChangeGuard));
