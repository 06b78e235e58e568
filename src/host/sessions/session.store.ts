import type { RequestHandler } from 'express';
import session, { Store } from 'express-session';
import type { KeyRing } from '../../crypto/index.js';
import type { SessionRepository } from './session.repository.js';

type Done<Result = void> = (error?: unknown, result?: Result) => void;

/** Sessions of `express-session` in Postgres. Only {@link HostSessions} creates new ones. */
class SessionStore extends Store {
  constructor(private readonly sessions: SessionRepository) {
    super();
  }

  get(sid: string, done: Done<session.SessionData | null>): void {
    answer(this.sessions.load(sid), done);
  }

  set(sid: string, data: session.SessionData, done: Done = () => undefined): void {
    answer(this.sessions.save(sid, data), done);
  }

  override touch(sid: string, _data: session.SessionData, done: Done = () => undefined): void {
    answer(this.sessions.touch(sid), done);
  }

  destroy(sid: string, done: Done = () => undefined): void {
    answer(this.sessions.remove(sid), done);
  }
}

function answer<Result>(work: Promise<Result>, done: Done<Result>): void {
  work.then(
    (result) => done(null, result),
    (error: unknown) => done(error),
  );
}

export interface SessionOptions {
  /** Ids are signed with the newest key and verified with every key, so replacing a key ends no session. */
  keys: KeyRing;
  /** The application is served over HTTPS only. The cookie is then tied to this host. */
  https: boolean;
}

/**
 * Builds the middleware that reads the session of a request. The cookie is sent when a session gets a new id, and lasts
 * until the session's absolute end. The database alone decides when an unused session expires.
 */
export function sessionMiddleware(
  sessions: SessionRepository,
  { keys, https }: SessionOptions,
): RequestHandler {
  return session({
    store: new SessionStore(sessions),
    secret: keys.map(({ secret }) => secret.toString('base64url')),
    name: https ? '__Host-session' : 'session',
    cookie: { httpOnly: true, sameSite: 'lax', secure: https, path: '/' },
    resave: false,
    saveUninitialized: false,
    unset: 'destroy',
  });
}
