import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '../../openapi/decorators.js';
import { Negotiated, OpenToAll } from '../../http/index.js';
import { PostThrottler } from '../../two-factor/index.js';
import { AdminGuard } from './admin.guard.js';
import { SCOPE, type Scope } from './scopes.js';

/**
 * On a controller of the administration: answers in HTML or JSON, and to administrators only. {@link AdminGuard} decides
 * alone (the guard of two-factor sign-in knows sessions, not tokens), and refuses a handler that names no scope.
 */
export const AdminRoutes = () =>
  applyDecorators(OpenToAll(), Negotiated(PostThrottler, AdminGuard), ApiBearerAuth('api-token'));

/** On a handler: the scope that a token needs. */
export const NeedsScope = (scope: Scope) => SetMetadata(SCOPE, scope);
