import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { isFormOfBrowser, keepsCookies } from '../http/index.js';
import { HOST_OPTIONS, type HostOptions } from './host.options.js';
import { cookiesRefused, insecureConnection } from './host.problems.js';

/**
 * On routes that begin a session: rejects what comes over a connection on which the session's cookie cannot be set, or
 * from a browser that keeps no cookies. Runs before a password is checked or a link is used up.
 */
@Injectable()
export class SessionCookieGuard implements CanActivate {
  constructor(@Inject(HOST_OPTIONS) private readonly options: HostOptions) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    // express-session compares with the same property.
    if (this.options.sessions.https && !request.secure) throw insecureConnection();
    if (isFormOfBrowser(request) && !keepsCookies(request)) throw cookiesRefused();
    return true;
  }
}
