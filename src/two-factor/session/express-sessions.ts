import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Session, SessionData } from 'express-session';
import { MisuseError } from '../../options/misuse-error.js';
import { AuthenticationSessions } from './authentication-sessions.js';
import { ADOPTED, type AuthenticationState } from './authentication-state.js';
import { userIdOf } from './user-id.js';

declare module 'express-session' {
  interface SessionData {
    twoFactor?: AuthenticationState;
  }
}

const expressSessionOf = (request: Request) => {
  const { session } = request as { session?: Session & Partial<SessionData> };
  if (!session)
    throw new MisuseError(
      'express-session has not run for this request. Call app.use(session({ … })) before the application listens.',
    );
  return session;
};

/** Options of {@link ExpressSessions}. */
export interface ExpressSessionsOptions {
  /**
   * The user whom the host's own session names, for sessions that began before the host had this package. It counts as
   * a first factor of unknown age, until the user's factors change for the first time.
   * @default () => null: who was signed in has to sign in again
   */
  userOf?: (request: Request) => string | number | null | undefined;
}

/** Sessions of `express-session`, with any store. What the host and Passport keep in them stays. */
export class ExpressSessions extends AuthenticationSessions {
  constructor(private readonly options: ExpressSessionsOptions = {}) {
    super();
  }

  read(request: Request): AuthenticationState | null {
    const session = expressSessionOf(request);
    if (session.twoFactor) return session.twoFactor;
    const user = this.options.userOf?.(request) ?? '';
    if (user === '') return null;
    // Kept by express-session at the end of the request, as every change is.
    return (session.twoFactor = adopted(userIdOf(user)));
  }

  /** The request has a copy of its session, from when the connection was opened. */
  override async readAgain(request: Request): Promise<AuthenticationState | null> {
    const { sessionStore, sessionID } = request as Partial<Request>;
    if (!sessionStore || !sessionID) return this.read(request);
    const stored = await new Promise<SessionData | null | undefined>((resolve, reject) => {
      sessionStore.get(sessionID, (error: unknown, found) => (error ? reject(error) : resolve(found)));
    });
    return stored ? (stored.twoFactor ?? this.read(request)) : null;
  }

  async replace(request: Request, _response: Response, state: AuthenticationState): Promise<void> {
    const { cookie, ...kept } = expressSessionOf(request);
    // Destroys the old session in the store, so its cookie stops working.
    await settle((done) => expressSessionOf(request).regenerate(done));
    const session = Object.assign(expressSessionOf(request), kept, { twoFactor: state });
    // A lifetime that the host gave this session, such as "remember me".
    session.cookie.expires = cookie.expires;
    // Last, because setting `expires` makes it what is left of the lifetime.
    session.cookie.originalMaxAge = cookie.originalMaxAge;
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

/** Epoch 0 is that of users whose factors have never changed: after a change such a session has to sign in again. */
function adopted(userId: string): AuthenticationState {
  const now = new Date().toISOString();
  const authentications = [{ method: ADOPTED, completedAt: now }];
  return { userId, sid: randomUUID(), authentications, epoch: 0, signedInAt: now };
}

function settle(act: (done: (error?: Error) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    act((error) => (error ? reject(error) : resolve()));
  });
}
