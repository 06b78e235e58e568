import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { isStorable } from '../http/index.js';
import { signInFailed } from './host.problems.js';
import { PasswordSignIn } from './passwords/password-sign-in.js';
import type { User } from './user.entity.js';

const LOCAL = 'local';

/**
 * Passport's local strategy: email address and password. Rejects without revealing which of them was wrong. It has a
 * Passport of its own: the usual one knows strategies by name, for all applications of the process.
 */
@Injectable()
export class PasswordGuard implements CanActivate {
  private readonly passport = new passport.Passport();

  constructor(private readonly signIns: PasswordSignIn) {
    const fields = { usernameField: 'email', passwordField: 'password', passReqToCallback: true } as const;
    const strategy = new Strategy(fields, (request, email, password, done) => {
      this.userOf(request, email, password).then((user) => done(null, user ?? false), done);
    });
    this.passport.use(LOCAL, strategy);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    request.user = await new Promise<User>((resolve, reject) => {
      const answer = (error: unknown, user?: User | false) =>
        error ? reject(error) : user ? resolve(user) : reject(signInFailed());
      this.passport.authenticate(LOCAL, { session: false }, answer)(request, response, reject);
    });
    return true;
  }

  private userOf(request: Request, email: unknown, password: unknown): Promise<User | null> {
    if (typeof email !== 'string' || typeof password !== 'string' || !isStorable(email))
      return Promise.resolve(null);
    return this.signIns.authenticate(request, email, password);
  }
}
