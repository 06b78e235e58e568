import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  HttpCode,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import type { Request } from 'express';
import { TwoFactorService } from '../two-factor.service.js';
import { factorRequired, signInRequired } from './refusals.js';

const SETTINGS = '/two-factor/settings';

/** Whoever changes factors has shown one of them just now; for the first factor, the password. */
@Injectable()
export class FreshForChangeGuard implements CanActivate {
  constructor(private readonly twoFactor: TwoFactorService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const missing = await this.twoFactor.missingForChange(context.switchToHttp().getRequest<Request>());
    if (missing === 'sign-in') throw signInRequired(this.twoFactor, SETTINGS);
    if (missing) throw factorRequired(this.twoFactor, missing, SETTINGS);
    return true;
  }
}

/** On the `POST` of a change of factors: behind the guard, and answered with 200. */
export const ChangesFactors = () => applyDecorators(HttpCode(200), UseGuards(FreshForChangeGuard));
