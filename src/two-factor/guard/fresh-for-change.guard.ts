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
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { TwoFactorService } from '../session/two-factor.service.js';
import { factorRequired, signInRequired } from './refusals.js';

/** Admits a change of factors when the user has just shown a factor, or the password when there is none yet. */
@Injectable()
export class FreshForChangeGuard implements CanActivate {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly paths: TwoFactorPaths,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const missing = await this.twoFactor.missingForChange(request);
    const here = this.paths.here(request) ?? this.paths.settings;
    if (missing === 'sign-in') throw signInRequired(this.paths, here);
    if (missing) throw factorRequired(this.paths, missing, here);
    return true;
  }
}

/** On each `POST` that changes factors: behind the guard, and answered with 200. */
export const ChangesFactors = () =>
  applyDecorators(HttpCode(200), ApiConsumes(...BODIES), UseGuards(FreshForChangeGuard));
