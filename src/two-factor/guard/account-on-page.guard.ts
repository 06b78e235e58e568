import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { isAnsweredByPage, showOnPage } from '../../http/index.js';
import { AccountNames } from '../session/account-names.js';
import { TwoFactorPaths } from '../session/two-factor-paths.js';
import { admittedTo } from './admissions.js';

/** Puts the signed-in account and the way out of it on every page, also on those of failures. Admits everybody. */
@Injectable()
export class AccountOnPageGuard implements CanActivate {
  constructor(
    private readonly names: AccountNames,
    private readonly paths: TwoFactorPaths,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const { userId } = admittedTo(request);
    if (userId !== null) await this.show(request, userId);
    return true;
  }

  /** For routes that another guard admits to. */
  async show(request: Request, userId: string): Promise<void> {
    if (isAnsweredByPage(request))
      showOnPage(request, {
        account: await this.names.maskedNameOf(userId),
        signOutPath: this.paths.signOut,
      });
  }
}
