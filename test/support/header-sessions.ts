import type { Request, Response } from 'express';
import { AuthenticationSessions, type AuthenticationState } from '../../src/index.js';

/** Sessions in memory, each named by a header. */
export class HeaderSessions extends AuthenticationSessions {
  private readonly states = new Map<string, AuthenticationState>();

  read(request: Request): AuthenticationState | null {
    return this.states.get(this.idOf(request)) ?? null;
  }

  replace(request: Request, _response: Response, state: AuthenticationState): Promise<void> {
    this.states.set(this.idOf(request), state);
    return Promise.resolve();
  }

  end(request: Request): Promise<void> {
    this.states.delete(this.idOf(request));
    return Promise.resolve();
  }

  idOf(request: Request): string {
    return String(request.headers['x-session'] ?? '');
  }
}
