import { applyDecorators, UseInterceptors, UsePipes } from '@nestjs/common';
import { InputPipe, Negotiated } from '../../http/index.js';
import { NewTokenInterceptor } from '../session/new-token.interceptor.js';
import { AccountOnPageGuard } from './account-on-page.guard.js';
import { PostThrottler } from './post-throttler.js';
import { SecondFactorGuard } from './second-factor.guard.js';

/** On each controller of this module: pages that name the account, or JSON, for signed-in users, with limited posts. */
export const SignedInRoutes = () =>
  applyDecorators(
    Negotiated(SecondFactorGuard, AccountOnPageGuard, PostThrottler),
    // After the page's interceptor, which lets JSON pass.
    UseInterceptors(NewTokenInterceptor),
    UsePipes(new InputPipe('two-factor')),
  );
