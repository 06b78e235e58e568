import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { HOST_OPTIONS, type HostOptions } from './host.options.js';
import { insecureConnection } from './host.problems.js';

/**
 * On routes that begin a session: rejects what comes over a connection on which the session's cookie cannot be set. Runs
 * before a password is checked or a link is used up.
 */
@Injectable()
export class SecureConnectionGuard implements CanActivate {
  constructor(@Inject(HOST_OPTIONS) private readonly options: HostOptions) {}

  canActivate(context: ExecutionContext): boolean {
    // express-session compares with the same property.
    const { secure } = context.switchToHttp().getRequest<Request>();
    if (this.options.sessions.https && !secure) throw insecureConnection();
    return true;
  }
}
