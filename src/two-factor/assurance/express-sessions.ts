import type { Request, Response } from 'express';
import type { Session, SessionData } from 'express-session';
import { AuthenticationSessions } from './authentication-sessions.js';
import type { AuthenticationState } from './assurance.js';

declare module 'express-session' {
  interface SessionData {
    twoFactor?: AuthenticationState;
  }
}

const sessionOf = (request: Request) => {
  const { session } = request as { session?: Session & Partial<SessionData> };
  if (!session) throw new Error('express-session has to run before the two-factor guard');
  return session;
};

/** Sessions of `express-session`, with whatever store. */
export class ExpressSessions extends AuthenticationSessions {
  read(request: Request): AuthenticationState | null {
    return sessionOf(request).twoFactor ?? null;
  }

  async replace(request: Request, _response: Response, state: AuthenticationState): Promise<void> {
    // Destroys the old one in the store, so that a request that still carries its cookie finds nothing.
    await settle((done) => sessionOf(request).regenerate(done));
    sessionOf(request).twoFactor = state;
    // Before the answer: the next request may come sooner than the store's own save.
    await settle((done) => sessionOf(request).save(done));
  }

  async end(request: Request): Promise<void> {
    await settle((done) => sessionOf(request).destroy(done));
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
