import { randomBytes } from 'node:crypto';
import { Controller, Get, Module, Next, Post, Req, Res, SetMetadata, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { NextFunction, Request, Response } from 'express';
import {
  FirstFactorOnly,
  RequireFactor,
  SecondFactorGuard,
  SignedIn,
  type SignedInCaller,
  TwoFactorModule,
  TwoFactorService,
  VerificationModule,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { HeaderSessions } from '../support/header-sessions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { nestApplication } from '../support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

const MARK = 'host:public';
const Marked = () => SetMetadata(MARK, true);

@Controller()
class HostController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  @Post('sign-in')
  async signIn(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.twoFactor.signIn(request, response, 'anna');
  }

  @Get('open')
  open() {
    return {};
  }

  @Get('demanding')
  @RequireFactor()
  demanding() {
    return {};
  }

  @Get('first')
  @FirstFactorOnly()
  first(@Next() next: NextFunction) {
    next();
  }

  /** Reached by `next()` of the handler above. */
  @Get('fir{*rest}')
  @RequireFactor()
  second() {
    return {};
  }

  @Get('marked')
  @Marked()
  @RequireFactor()
  marked() {
    return {};
  }

  @Get('closed')
  @UseGuards(SecondFactorGuard)
  closed(@SignedIn() { userId }: SignedInCaller) {
    return { userId };
  }
}

describe('a host that guards its routes itself (guardAll: false)', () => {
  let database: TestDatabase;
  let app: NestExpressApplication;
  let url: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
        }),
        VerificationModule.forRoot({
          provider: new FakeVerificationProvider(),
          keys: { encryption: ring('e1'), fingerprint: ring('f1') },
          routes: false,
        }),
        TwoFactorModule.forRoot({
          sessions: new HeaderSessions(),
          guardAll: false,
          isPublic: (context) => Reflect.getMetadata(MARK, context.getHandler()) === true,
        }),
      ],
      controllers: [HostController],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0);
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const call = async (method: string, path: string, session: string) => {
    const headers = { Accept: 'application/json', 'X-Session': session, Origin: url };
    const response = await fetch(url + path, { method, headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('leaves its other routes open', async () => {
    expect((await call('GET', '/open', 'nobody')).status).toBe(200);
  });

  it.each(['/closed', '/two-factor', '/two-factor/settings'])(
    '%s is for users who are signed in',
    async (path) => {
      const refused = await call('GET', path, 'nobody');
      expect([refused.status, refused.body['code']]).toEqual([401, 'sign-in-required']);
      await call('POST', '/sign-in', 'one');
      expect((await call('GET', path, 'one')).status).toBe(200);
    },
  );

  it('a demand needs no guard beside it', async () => {
    expect((await call('GET', '/demanding', 'nobody')).status).toBe(401);
    await call('POST', '/sign-in', 'three');
    const refused = await call('GET', '/demanding', 'three');
    expect([refused.status, refused.body['code']]).toEqual([403, 'second-factor-required']);
  });

  it('who may use a handler that calls next() meets the demand of the handler after it', async () => {
    await call('POST', '/sign-in', 'four');
    const refused = await call('GET', '/first', 'four');
    expect([refused.status, refused.body['code']]).toEqual([403, 'second-factor-required']);
  });

  it('the host’s marker of public routes does not open what demands a factor', async () => {
    expect((await call('GET', '/marked', 'nobody')).status).toBe(401);
  });

  it('and its handlers know the user', async () => {
    await call('POST', '/sign-in', 'two');
    expect((await call('GET', '/closed', 'two')).body).toEqual({ userId: 'anna' });
  });
});
