import { applyDecorators, UsePipes } from '@nestjs/common';
import { InputPipe, Negotiated } from '../../http/index.js';
import { AccountOnPageGuard } from './account-on-page.guard.js';
import { PostThrottler } from './post-throttler.js';
import { SecondFactorGuard } from './second-factor.guard.js';

/** On each controller of this module: pages that name the account, or JSON, for signed-in users, with limited posts. */
export const SignedInRoutes = () =>
  applyDecorators(
    Negotiated(SecondFactorGuard, AccountOnPageGuard, PostThrottler),
    UsePipes(new InputPipe('two-factor')),
  );
