import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** Who acts, as the audit has it: `user:<id>`, `token:<id>`, `cli:<login name>`, or the application: `system:<part>`. */
export type Actor = `${'user' | 'token' | 'cli' | 'system'}:${string}`;

/** What the guard leaves behind. */
interface Administrator {
  actor: Actor;
}

const ADMINISTRATOR = Symbol('administrator');
type Carrier = Request & { [ADMINISTRATOR]?: Administrator };

export function rememberAdministrator(request: Request, administrator: Administrator): void {
  (request as Carrier)[ADMINISTRATOR] = administrator;
}

function administratorOf(request: Request): Administrator {
  const administrator = (request as Carrier)[ADMINISTRATOR];
  if (!administrator) throw new Error('this route is not behind AdminGuard');
  return administrator;
}

/** A handler's parameter: who acts. Only behind {@link AdminGuard}. */
export const CurrentActor = createParamDecorator(
  (_: unknown, context: ExecutionContext): Actor =>
    administratorOf(context.switchToHttp().getRequest<Request>()).actor,
);
