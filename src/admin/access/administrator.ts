import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Scope } from './scopes.js';

/** Who acts, as the audit has it: `user:<id>`, `token:<id>`, `cli:<login name>`, or the application: `system:<part>`. */
export type Actor = `${'user' | 'token' | 'cli' | 'system'}:${string}`;

/** What the guard leaves behind. */
interface Administrator {
  actor: Actor;
  /** Of a token; null for an administrator with a session, who may do everything. */
  scopes: readonly Scope[] | null;
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

/** What the caller may do; null for everything. */
export const scopesOf = (request: Request): readonly Scope[] | null => administratorOf(request).scopes;

/** A handler's parameter: who acts. Only behind {@link AdminGuard}. */
export const CurrentActor = createParamDecorator(
  (_: unknown, context: ExecutionContext): Actor =>
    administratorOf(context.switchToHttp().getRequest<Request>()).actor,
);
