import type { Request, Response } from 'express';
import type { Session, SessionData } from 'express-session';
import { AuthenticationSessions } from './authentication-sessions.js';
import type { AuthenticationState } from './authentication-state.js';

declare module 'express-session' {
  interface SessionData {
    twoFactor?: AuthenticationState;
  }
}

const expressSessionOf = (request: Request) => {
  const { session } = request as { session?: Session & Partial<SessionData> };
  if (!session) throw new Error('express-session must run before SecondFactorGuard');
  return session;
};

/** Sessions of `express-session`, with any store. */
export class ExpressSessions extends AuthenticationSessions {
  read(request: Request): AuthenticationState | null {
    return expressSessionOf(request).twoFactor ?? null;
  }

  async replace(request: Request, _response: Response, state: AuthenticationState): Promise<void> {
    // Destroys the old session in the store, so its cookie stops working.
    await settle((done) => expressSessionOf(request).regenerate(done));
    expressSessionOf(request).twoFactor = state;
    // Saved before the response is sent, because the next request may arrive before express-session's own save.
    await settle((done) => expressSessionOf(request).save(done));
  }

  async end(request: Request): Promise<void> {
    await settle((done) => expressSessionOf(request).destroy(done));
  }

  idOf(request: Request): string {
    return (request as { sessionID?: string }).sessionID ?? '';
  }
}

function settle(act: (done: (error?: Error) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => (error ? reject(error) : resolve()));
  });
}
