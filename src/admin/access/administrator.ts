import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** Who acts, as the audit has it: `user:<id>`, `token:<id>` or `cli:<login name>`. */
export type Actor = `${'user' | 'token' | 'cli'}:${string}`;

/** Where the guard leaves who acts. */
export const ACTOR = Symbol('administrator');

/** A handler's parameter: who acts. Only behind {@link AdminGuard}. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const actor = context.switchToHttp().getRequest<Request & { [ACTOR]?: Actor }>()[ACTOR];
  if (!actor) throw new Error('this route is not behind AdminGuard');
  return actor;
});
