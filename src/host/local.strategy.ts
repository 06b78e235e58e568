import { Injectable } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport-local';
import { isStorable } from '../http/index.js';
import { signInFailed } from './host.problems.js';
import { PasswordSignIn } from './passwords/password-sign-in.js';
import type { User } from './user.entity.js';

/** Passport's local strategy: email address and password. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy, 'local') {
  constructor(private readonly signIns: PasswordSignIn) {
    super({ usernameField: 'email', passwordField: 'password', passReqToCallback: true });
  }

  validate(request: Request, email: unknown, password: unknown): Promise<User | null> {
    if (typeof email !== 'string' || typeof password !== 'string' || !isStorable(email))
      return Promise.resolve(null);
    return this.signIns.authenticate(request, email, password);
  }
}

/** Rejects without revealing whether the address or the password was wrong. */
@Injectable()
export class PasswordGuard extends AuthGuard('local') {
  override handleRequest<Found>(error: unknown, user: Found): Found {
    if (error) throw error as Error;
    if (!user) throw signInFailed();
    return user;
  }
}
