import { randomBytes } from 'node:crypto';
import { Controller, Get, HttpCode, Module, Post, Req, Res, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import session from 'express-session';
import passport from 'passport';
import { Strategy } from 'passport-local';
import {
  ExpressSessions,
  SkipSecondFactor,
  TwoFactorModule,
  TwoFactorService,
  VerificationModule,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { freshNumber } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { nestApplication } from '../support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

interface HostSession {
  cart?: string[];
  flash?: string;
  passport?: { user: string };
}
const sessionOf = (request: Request) => request.session as unknown as HostSession;

/** As @nestjs/passport's documentation has it. */
class Local extends PassportStrategy(Strategy, 'host-local') {
  constructor() {
    super({ usernameField: 'email' });
  }

  validate(email: string, password: string) {
    return password === 'right' ? { id: email } : null;
  }
}

class Serializer extends PassportSerializer {
  serializeUser({ id }: { id: string }, done: (error: null, id: string) => void): void {
    done(null, id);
  }

  deserializeUser(id: string, done: (error: null, user: { id: string }) => void): void {
    done(null, { id });
  }
}

@SkipSecondFactor()
@Controller()
class SignInController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  @Post('cart')
  fill(@Req() request: Request) {
    sessionOf(request).cart = ['a book'];
    return {};
  }

  /** What the host had before: Passport's own login, and nothing of ours. */
  @Post('login-before')
  @HttpCode(200)
  @UseGuards(AuthGuard('host-local'))
  async loginBefore(@Req() request: Request) {
    await logIn(request);
    return {};
  }

  @Post('login')
  @HttpCode(200)
  @UseGuards(AuthGuard('host-local'))
  async login(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    await logIn(request);
    sessionOf(request).cart = ['a book'];
    sessionOf(request).flash = 'welcome';
    request.session.cookie.maxAge = MONTH_MS;
    const { next } = await this.twoFactor.signIn(request, response, (request.user as { id: string }).id);
    return { next };
  }
}

const logIn = (request: Request) =>
  new Promise<void>((resolve, reject) => {
    request.logIn(request.user!, (error: unknown) => (error ? reject(error) : resolve()));
  });

@Controller('account')
class AccountController {
  @Get()
  account(@Req() request: Request) {
    const { cart, flash } = sessionOf(request);
    const { maxAge } = request.session.cookie;
    return { user: request.user, isAuthenticated: request.isAuthenticated(), cart, flash, maxAge };
  }
}

describe('what the host and Passport keep in a session stays there', () => {
  let database: TestDatabase;
  let provider: FakeVerificationProvider;
  let app: NestExpressApplication;
  let url: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    provider = new FakeVerificationProvider();
    @Module({
      imports: [
        PassportModule.register({ session: true }),
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
        }),
        VerificationModule.forRoot({
          provider,
          keys: { encryption: ring('e1'), fingerprint: ring('f1') },
          routes: false,
        }),
        TwoFactorModule.forRoot({
          sessions: new ExpressSessions({ userOf: (request) => sessionOf(request).passport?.user }),
        }),
      ],
      controllers: [SignInController, AccountController],
      providers: [Local, Serializer],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    app.use(session({ secret: 'of the host', resave: false, saveUninitialized: false }));
    app.use(passport.initialize(), passport.session());
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  /** A browser that speaks JSON. */
  class Browser {
    cookie = '';

    async call(method: string, path: string, body?: object, cookie = this.cookie) {
      const answer = await fetch(url + path, {
        method,
        headers: {
          Accept: 'application/json',
          Origin: url,
          Cookie: cookie,
          ...(body ? { 'Content-Type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      this.cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.cookie;
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    }

    login(email: string, path = '/login') {
      return this.call('POST', path, { email, password: 'right' });
    }

    /** Proves a phone as the first factor. */
    async enrols(): Promise<string> {
      const phoneNumber = freshNumber();
      const { body } = await this.call('POST', '/two-factor/phones', { phoneNumber });
      await this.call('POST', '/two-factor/phones/verify', {
        requestId: body['requestId'],
        otpCode: provider.lastCode(phoneNumber),
      });
      return phoneNumber;
    }
  }

  const kept = (email: string) => ({
    user: { id: email },
    isAuthenticated: true,
    cart: ['a book'],
    flash: 'welcome',
    maxAge: expect.any(Number),
  });

  it('through the password, enrolment and the second factor, under a new id each time', async () => {
    const [first, second] = [new Browser(), new Browser()];
    await first.login('anna@example.com');
    const afterPassword = first.cookie;
    const phoneNumber = await first.enrols();
    expect((await first.call('GET', '/account')).body).toEqual(kept('anna@example.com'));
    expect(first.cookie).not.toBe(afterPassword);
    expect((await new Browser().call('GET', '/account', undefined, afterPassword)).status).toBe(401);

    expect((await second.login('anna@example.com')).body['next']).toBe('/two-factor?returnTo=%2F');
    expect((await second.call('GET', '/account')).status).toBe(403);
    const beforeCode = second.cookie;
    const { body } = await second.call('POST', '/two-factor/challenge', {});
    const otpCode = provider.lastCode(phoneNumber);
    const shown = await second.call('POST', '/two-factor/verify', { requestId: body['requestId'], otpCode });
    expect(shown.body).toMatchObject({ level: 'two-factor' });
    const account = await second.call('GET', '/account');
    expect(account.body).toEqual(kept('anna@example.com'));
    expect(account.body['maxAge']).toBeGreaterThan(MONTH_MS - 120_000);
    expect((await new Browser().call('GET', '/account', undefined, beforeCode)).status).toBe(401);
  });

  it('who was signed in before the second factor came stays so, but types the password again to enrol one', async () => {
    const browser = new Browser();
    await browser.login('berta@example.com', '/login-before');
    expect((await browser.call('GET', '/account')).status).toBe(200);
    const enrolment = await browser.call('POST', '/two-factor/phones', { phoneNumber: freshNumber() });
    expect([enrolment.status, enrolment.body['code']]).toEqual([401, 'sign-in-required']);
    await browser.login('berta@example.com');
    await browser.enrols();
    expect((await browser.call('GET', '/account')).status).toBe(200);
  });

  it('and is not let past a second factor that the user has', async () => {
    const [old, other] = [new Browser(), new Browser()];
    await old.login('carla@example.com', '/login-before');
    await other.login('carla@example.com');
    await other.enrols();
    expect((await old.call('GET', '/account')).status).toBe(401);
  });
});
