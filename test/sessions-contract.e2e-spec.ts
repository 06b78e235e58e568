import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import session from 'express-session';
import { AuthenticationSessions, type AuthenticationState, ExpressSessions } from '../src/index.js';
import { describeSessionsContract, SESSION_CASES } from '../src/testing/index.js';
import { contractOf } from './support/contract.js';
import { COOKIE, startSessionServer } from './support/session-clients.js';

const startServer = () =>
  startSessionServer(
    (app) => app.use(session({ secret: 'a secret', resave: false, saveUninitialized: false })),
    COOKIE,
  );

describe('sessions of the library', () => {
  let cookies: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    cookies = await startServer();
  });
  afterAll(async () => {
    await cookies.close();
  });

  describeSessionsContract('express-session', async () => ({
    sessions: new ExpressSessions(),
    newClient: cookies.newClient,
  }));
});

type Stored = Request & { session: { twoFactor?: AuthenticationState; save(done: () => void): void } };
const saved = (request: Request) => new Promise<void>((resolve) => (request as Stored).session.save(resolve));

class KeepsTheId extends ExpressSessions {
  override async replace(request: Request, _response: Response, state: AuthenticationState) {
    (request as Stored).session.twoFactor = state;
    await saved(request);
  }
}

class LeavesTheOldSession extends ExpressSessions {
  override async replace(request: Request, _response: Response, state: AuthenticationState) {
    (request as unknown as { sessionStore: { generate(of: Request): void } }).sessionStore.generate(request);
    (request as Stored).session.twoFactor = state;
    await saved(request);
  }
}

class DoesNotEnd extends ExpressSessions {
  override async end() {}
}

class Merges extends ExpressSessions {
  override async replace(request: Request, response: Response, state: AuthenticationState) {
    await super.replace(request, response, { ...this.read(request), ...state });
  }
}

class StoresTheLastFactorOnly extends ExpressSessions {
  override async replace(request: Request, response: Response, state: AuthenticationState) {
    const authentications = state.authentications.slice(-1);
    await super.replace(request, response, { ...state, authentications });
  }
}

class CutsTexts extends ExpressSessions {
  override async replace(request: Request, response: Response, state: AuthenticationState) {
    await super.replace(request, response, { ...state, userId: state.userId.slice(0, 8) });
  }
}

class HasOneId extends ExpressSessions {
  override idOf() {
    return 'session';
  }
}

class ChangesTheIdAlways extends ExpressSessions {
  override idOf() {
    return randomUUID();
  }
}

class IsForgetful extends ExpressSessions {
  override async replace(request: Request, response: Response) {
    await super.replace(request, response, undefined as never);
  }
}

class ThrowsForNewcomers extends ExpressSessions {
  override read(request: Request) {
    const state = super.read(request);
    if (!state) throw new Error('nobody is signed in');
    return state;
  }
}

/** One state for everybody, as in a field of a class. */
class SharesTheState extends AuthenticationSessions {
  private state: AuthenticationState | null = null;
  private id = randomUUID();

  read() {
    return this.state;
  }

  async replace(_request: Request, _response: Response, state: AuthenticationState) {
    this.state = state;
    this.id = randomUUID();
  }

  async end() {
    this.state = null;
  }

  idOf() {
    return this.id;
  }
}

class KeepsTheCopies extends ExpressSessions {
  override async end(request: Request) {
    await super.replace(request, undefined as never, undefined as never);
  }
}

describe('the sessions contract catches sessions that', () => {
  let server: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());
  const failures = (sessions: AuthenticationSessions) =>
    contractOf(SESSION_CASES).failuresOf(() => ({ sessions, newClient: server.newClient }));

  it.each([
    ['keep their id', KeepsTheId, 'gives a session a new id whenever it is replaced, and no other time'],
    ['leave the old session alive', LeavesTheOldSession, 'ends the old id when a session is replaced'],
    ['do not end', DoesNotEnd, 'ends a session, in every copy'],
    ['merge the old state into the new one', Merges, 'keeps nothing of the state before'],
    ['store the last factor only', StoresTheLastFactorOnly, 'stores the whole state, unchanged'],
    ['cut texts off', CutsTexts, 'stores the whole state, unchanged'],
    ['all have one id', HasOneId, 'keeps clients apart'],
    [
      'have another id at every look',
      ChangesTheIdAlways,
      'gives a session a new id whenever it is replaced, and no other time',
    ],
    ['store nothing', IsForgetful, 'returns in the next request what was stored'],
    ['throw for newcomers', ThrowsForNewcomers, 'has nothing of a client that was never here'],
    ['share one state', SharesTheState, 'keeps clients apart'],
  ] as const)('%s', async (_, Faulty, name) => {
    expect(await failures(new Faulty())).toContain(name);
  });

  it('and not sessions that only end in another way', async () => {
    expect(await failures(new KeepsTheCopies())).toEqual([]);
  });
});
