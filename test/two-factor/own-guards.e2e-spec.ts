import { randomBytes } from 'node:crypto';
import { Controller, Get, Module, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import {
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
        TwoFactorModule.forRoot({ sessions: new HeaderSessions(), guardAll: false }),
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

  it('and its handlers know the user', async () => {
    await call('POST', '/sign-in', 'two');
    expect((await call('GET', '/closed', 'two')).body).toEqual({ userId: 'anna' });
  });
});
