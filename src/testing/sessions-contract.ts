import assert from 'node:assert/strict';
import type { Request, Response } from 'express';
import type { AuthenticationSessions } from '../two-factor/session/authentication-sessions.js';
import type { AuthenticationState } from '../two-factor/session/authentication-state.js';
import type { ContractCase } from './contract.js';

/** A browser or an app: it keeps the cookie or the token that answers give it, and shows it from then on. */
export interface SessionClient {
  /** Runs the work within one request of this client, and ends the response. */
  request<T>(work: (request: Request, response: Response) => Promise<T>): Promise<T>;
  /** Another client with what this one has now, as a thief would have. */
  copy(): SessionClient;
  /** Another client whose cookie or token differs from this one's by a character. */
  tampered(): SessionClient;
}

/** What the contract needs of the world around sessions. */
export interface SessionsUnderTest {
  sessions: AuthenticationSessions;
  /** A client that was never here. */
  newClient(): SessionClient;
}

/** Where sessions are tokens that clients keep, the library itself remembers which one is the newest. */
const areTokens = ({ sessions }: SessionsUnderTest): boolean =>
  (sessions as { areTokens?: boolean }).areTokens === true;

const stateOf = (userId: string, more: Partial<AuthenticationState> = {}): AuthenticationState => ({
  userId,
  sid: `sid of ${userId}`,
  authentications: [{ method: 'pwd', completedAt: new Date().toISOString() }],
  epoch: 0,
  signedInAt: new Date().toISOString(),
  ...more,
});

const read = ({ sessions }: SessionsUnderTest, client: SessionClient) =>
  client.request(async (request) => sessions.read(request));
const idOf = ({ sessions }: SessionsUnderTest, client: SessionClient) =>
  client.request(async (request) => sessions.idOf(request));
const replace = ({ sessions }: SessionsUnderTest, client: SessionClient, state: AuthenticationState) =>
  client.request((request, response) => sessions.replace(request, response, state));

async function signedIn(world: SessionsUnderTest, state = stateOf('anna')): Promise<SessionClient> {
  const client = world.newClient();
  await replace(world, client, state);
  return client;
}

/**
 * What every {@link AuthenticationSessions} must do. Run each case by the test runner that you use;
 * {@link describeSessionsContract} does so with Jest.
 */
export const SESSION_CASES: readonly ContractCase<SessionsUnderTest>[] = [
  {
    name: 'has nothing of a client that was never here',
    async run(world) {
      assert.equal(await read(world, world.newClient()), null);
    },
  },
  {
    name: 'returns in the next request what was stored',
    async run(world) {
      const state = stateOf('anna');
      assert.deepEqual(await read(world, await signedIn(world, state)), state);
    },
  },
  {
    name: 'returns in the same request what was stored',
    async run(world) {
      const state = stateOf('anna');
      const { sessions } = world;
      const found = await world.newClient().request(async (request, response) => {
        await sessions.replace(request, response, state);
        return sessions.read(request);
      });
      assert.deepEqual(found, state);
    },
  },
  {
    name: 'stores the whole state, unchanged',
    async run(world) {
      const at = '2026-01-02T03:04:05.678Z';
      const state = stateOf('Änne "O’Neil" <1>', {
        epoch: 17,
        trustedBrowserId: '0198f2c4-0000-7000-8000-000000000001',
        authentications: [
          { method: 'pwd', completedAt: at },
          { method: 'sms', completedAt: at, requestId: '0198f2c4-0000-7000-8000-000000000002' },
          { method: 'otp', completedAt: at },
        ],
        signedInAt: new Date().toISOString(),
      });
      assert.deepEqual(await read(world, await signedIn(world, state)), state);
    },
  },
  {
    name: 'keeps nothing of the state before',
    async run(world) {
      const client = await signedIn(world, stateOf('anna', { trustedBrowserId: 'a browser' }));
      const state = stateOf('berta');
      await replace(world, client, state);
      assert.deepEqual(await read(world, client), state);
    },
  },
  {
    name: 'gives a session a new id whenever it is replaced, and no other time',
    async run(world) {
      if (areTokens(world)) return;
      const client = await signedIn(world);
      const first = await idOf(world, client);
      assert.ok(first, 'a session has an id');
      assert.equal(await idOf(world, client), first);
      await replace(world, client, stateOf('anna', { epoch: 1 }));
      assert.notEqual(await idOf(world, client), first);
    },
  },
  {
    name: 'ends the old id when a session is replaced',
    async run(world) {
      if (areTokens(world)) return;
      const client = await signedIn(world);
      const thief = client.copy();
      assert.notEqual(await read(world, thief), null, 'the copy works before');
      await replace(world, client, stateOf('anna', { epoch: 1 }));
      assert.equal(await read(world, thief), null);
      assert.notEqual(await read(world, client), null);
    },
  },
  {
    name: 'gives an attacker nothing who knew the session before the sign-in',
    async run(world) {
      if (areTokens(world)) return;
      const attacker = await signedIn(world, stateOf('mallory'));
      const victim = attacker.copy();
      await replace(world, victim, stateOf('anna'));
      assert.equal(await read(world, attacker), null);
      assert.equal((await read(world, victim))?.userId, 'anna');
    },
  },
  {
    name: 'ends a session, in every copy',
    async run(world) {
      if (areTokens(world)) return;
      const client = await signedIn(world);
      const thief = client.copy();
      await client.request((request, response) => world.sessions.end(request, response));
      assert.equal(await read(world, client), null);
      assert.equal(await read(world, thief), null);
    },
  },
  {
    name: 'signs in again after the end',
    async run(world) {
      if (areTokens(world)) return;
      const client = await signedIn(world);
      const first = await idOf(world, client);
      await client.request((request, response) => world.sessions.end(request, response));
      await replace(world, client, stateOf('berta'));
      assert.equal((await read(world, client))?.userId, 'berta');
      assert.notEqual(await idOf(world, client), first);
    },
  },
  {
    name: 'keeps clients apart',
    async run(world) {
      const [anna, berta] = [await signedIn(world, stateOf('anna')), await signedIn(world, stateOf('berta'))];
      const found = await Promise.all([read(world, anna), read(world, berta), read(world, anna)]);
      assert.deepEqual(
        found.map((state) => state?.userId),
        ['anna', 'berta', 'anna'],
      );
      assert.notEqual(await idOf(world, anna), await idOf(world, berta));
      await berta.request((request, response) => world.sessions.end(request, response));
      assert.equal((await read(world, anna))?.userId, 'anna');
    },
  },
  {
    name: 'takes no cookie or token that it did not make',
    async run(world) {
      const client = await signedIn(world);
      assert.equal(await read(world, client.tampered()), null);
      assert.notEqual(await read(world, client), null);
    },
  },
];

/**
 * {@link SESSION_CASES} as Jest tests. Works with every test runner that has `describe`, `it` and `beforeAll` as globals.
 */
export function describeSessionsContract(name: string, setUp: () => Promise<SessionsUnderTest>): void {
  describe(`sessions contract: ${name}`, () => {
    let world: SessionsUnderTest;
    beforeAll(async () => {
      world = await setUp();
    });
    for (const { name, run } of SESSION_CASES) it(name, () => run(world));
  });
}
