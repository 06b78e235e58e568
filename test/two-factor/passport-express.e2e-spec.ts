import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Test, type TestingModule } from '@nestjs/testing';
import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { DataSource } from 'typeorm';
import { type SmsOtpChallenge, SmsOtpStrategy, VerificationService } from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { wrongCode } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { newUser, post, type User, users, verificationModules } from '../support/passport-host.js';

describe('the sms-otp strategy in a plain Express application', () => {
  let database: TestDatabase;
  let provider: FakeVerificationProvider;
  let library: TestingModule;
  let server: Server;
  let url: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    provider = new FakeVerificationProvider();
    library = await Test.createTestingModule({ imports: verificationModules(database, provider) }).compile();
    await library.init();
    server = createServer(expressApp(library.get(VerificationService))).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await library.close();
    await database.drop();
  });

  /** Passport as its own documentation has it: the session knows who is half signed in, Passport who is signed in. */
  function expressApp(verifications: VerificationService) {
    type Half = { halfSignedIn?: string };
    const passport = new Passport();
    passport.serializeUser((user, done) => done(null, (user as User).id));
    passport.deserializeUser((id: string, done) => done(null, users.get(id) ?? false));
    passport.use(
      new SmsOtpStrategy<User>({
        verifications,
        user: ({ session }) => users.get((session as Half).halfSignedIn ?? ''),
        phoneNumberOf: ({ phoneNumber }) => phoneNumber,
      }),
    );

    const app = express();
    app.use(express.json());
    app.use(session({ secret: 'of the tests', resave: false, saveUninitialized: false }));
    app.use(passport.initialize(), passport.session());
    app.post('/password', (request, response) => {
      (request.session as Half).halfSignedIn = request.body.userId;
      response.json({});
    });
    app.post('/second-factor', (request, response, next) => {
      const answer = (error: unknown, user: User | false, challenge: SmsOtpChallenge, status?: number) => {
        if (error) return next(error);
        if (!user) return void response.status(status ?? 401).json(challenge);
        request.logIn(user, (failed) => (failed ? next(failed) : response.json({ signedIn: user.id })));
      };
      passport.authenticate('sms-otp', answer)(request, response, next);
    });
    app.post('/short', passport.authenticate('sms-otp'), (request, response) => {
      response.json({ signedIn: (request.user as User).id });
    });
    app.post('/account', (request, response) => {
      response.status(request.isAuthenticated() ? 200 : 401).json({});
    });
    app.use(((error, _request, response, _next) => {
      response.status(500).json({ error: error.name });
    }) as express.ErrorRequestHandler);
    return app;
  }

  const halfSignedIn = async () => {
    const user = newUser();
    const { cookie } = await post(`${url}/password`, { userId: user.id });
    return { user, cookie: cookie! };
  };
  const as = (cookie: string, path: string, body: object = {}) => post(url + path, body, { Cookie: cookie });

  it('a code is sent, a wrong one is told from the right one, and Passport signs in under a new session id', async () => {
    const { user, cookie } = await halfSignedIn();
    const sent = await as(cookie, '/second-factor');
    expect([sent.status, sent.body]).toEqual([
      401,
      {
        code: 'code-sent',
        requestId: expect.any(String),
        phoneNumber: `+1 ••• ••• ••${user.phoneNumber!.slice(-2)}`,
      },
    ]);
    const { requestId } = sent.body;
    const otpCode = provider.lastCode(user.phoneNumber!);
    const wrong = await as(cookie, '/second-factor', { requestId, otpCode: wrongCode(otpCode) });
    expect([wrong.status, wrong.body]).toEqual([
      422,
      { code: 'wrong-code', requestId, attemptsRemaining: 2 },
    ]);
    expect((await as(cookie, '/account')).status).toBe(401);

    const right = await as(cookie, '/second-factor', { requestId, otpCode });
    expect([right.status, right.body]).toEqual([200, { signedIn: user.id }]);
    expect(right.cookie).not.toBe(cookie);
    expect((await as(right.cookie!, '/account')).status).toBe(200);
    expect((await as(cookie, '/account')).status).toBe(401);
  });

  it('works without a callback: the status says what happened', async () => {
    const { user, cookie } = await halfSignedIn();
    const ask = (body: object) =>
      fetch(`${url}/short`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Cookie: cookie },
        body: JSON.stringify(body),
      });
    expect((await ask({})).status).toBe(401);
    const { requestId } = (await as(cookie, '/second-factor')).body;
    const otpCode = provider.lastCode(user.phoneNumber!);
    expect((await ask({ requestId, otpCode: wrongCode(otpCode) })).status).toBe(422);
    expect(await (await ask({ requestId, otpCode })).json()).toEqual({ signedIn: user.id });
  });

  it('too many wrong codes say when to try again', async () => {
    const { user, cookie } = await halfSignedIn();
    const typesWrongly = async () => {
      const { requestId } = (await as(cookie, '/second-factor')).body;
      const otpCode = wrongCode(provider.lastCode(user.phoneNumber!));
      return as(cookie, '/second-factor', { requestId, otpCode });
    };
    for (let times = 0; times < 5; times += 1) await typesWrongly();
    const last = await typesWrongly();
    expect([last.status, last.body['code']]).toEqual([429, 'rate-limited']);
    expect(last.body['retryAfterSeconds']).toBeGreaterThan(0);
  });

  it('a database that is away is an error, not a refusal', async () => {
    const { cookie } = await halfSignedIn();
    await library.get(DataSource).destroy();
    const answer = await as(cookie, '/second-factor');
    await library.get(DataSource).initialize();
    expect(answer.status).toBe(500);
    expect((await as(cookie, '/second-factor')).status).toBe(401);
  });
});
