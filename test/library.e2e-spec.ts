import { randomBytes } from 'node:crypto';
import {
  BadGatewayException,
  ConflictException,
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type Caller, VerificationModule, VerificationService } from '../src/index.js';
import { FakeVerificationProvider } from '../src/testing/index.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { nestApplication } from './support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

describe('a Nest team adds the module to its application', () => {
  let database: TestDatabase;
  let provider: FakeVerificationProvider;
  let app: NestExpressApplication | undefined;
  beforeEach(async () => {
    database = await createTestDatabase();
    provider = new FakeVerificationProvider();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await database.drop();
  });
  const options = () => ({ provider, keys: { encryption: ring('e1'), fingerprint: ring('f1') } });
  const typeOrm = () =>
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: database.url,
      retryAttempts: 1,
    });

  it('with its routes, its own users and the fake provider', async () => {
    const callers: Caller[] = [];
    @Module({
      imports: [
        typeOrm(),
        VerificationModule.forRoot({
          ...options(),
          identifyCaller: (request) => ({ userId: request.get('x-user') ?? null }),
          beforeStart: ({ caller }) => (callers.push(caller), null),
        }),
      ],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0);
    const url = await app.getUrl();
    const post = (path: string, user: string, body: object) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-User': user },
        body: JSON.stringify(body),
      });

    const start = (await (await post('/request-otp', 'anna', { phoneNumber: '+14155552671' })).json()) as {
      requestId: string;
    };
    const otpCode = provider.lastCode('+14155552671');
    const body = { requestId: start.requestId, otpCode };
    expect((await post('/verify-otp', 'berta', body)).status).toBe(404);
    expect((await post('/verify-otp', 'anna', body)).status).toBe(200);
    expect(provider.checks).toBe(1);
    // Without an address all of the host's callers would share one limit of messages.
    expect(callers).toMatchObject([
      { userId: 'anna', address: expect.stringMatching(/127\.0\.0\.1|::/), userAgent: 'node' },
    ]);
  });

  it('and its own guards’ refusals are not taken for posts from another site', async () => {
    @Controller('closed')
    @UseGuards({ canActivate: () => false })
    class ClosedController {
      @Get()
      read() {
        return 'nobody gets here';
      }
    }
    @Module({ imports: [typeOrm(), VerificationModule.forRoot(options())], controllers: [ClosedController] })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0);
    const answer = await fetch(`${await app.getUrl()}/closed`, { headers: { Accept: 'application/json' } });
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { message: 'Forbidden resource', error: 'Forbidden', statusCode: 403 },
    ]);
  });

  it('and its own exceptions are answered as before', async () => {
    @Controller('seats')
    class SeatsController {
      @Get('taken')
      taken() {
        throw new ConflictException('seat 12 belongs to anna');
      }

      @Get('broken')
      broken() {
        throw new BadGatewayException();
      }
    }
    @Module({ imports: [typeOrm(), VerificationModule.forRoot(options())], controllers: [SeatsController] })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0);
    const read = async (path: string) => {
      const answer = await fetch(`${await app!.getUrl()}${path}`, {
        headers: { Accept: 'application/json' },
      });
      return [answer.status, await answer.json()];
    };
    expect(await read('/seats/taken')).toEqual([
      409,
      { message: 'seat 12 belongs to anna', error: 'Conflict', statusCode: 409 },
    ]);
    expect(await read('/seats/broken')).toEqual([502, { message: 'Bad Gateway', statusCode: 502 }]);
  });

  it('without routes, calling the service from its own code', async () => {
    @Injectable()
    class SignIn {
      constructor(readonly verifications: VerificationService) {}
    }
    @Module({
      imports: [
        typeOrm(),
        VerificationModule.forRootAsync({ useFactory: async () => options(), routes: false }),
      ],
      providers: [SignIn],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0);
    expect((await fetch(`${await app.getUrl()}/`)).status).toBe(404);

    const { verifications } = app.get(SignIn);
    const caller = { userId: 'anna' };
    const start = await verifications.start({ phoneNumber: '+14155552671', purpose: 'sign-in', caller });
    if (!start.ok) throw new Error(start.code);
    const requestId = start.request.id;
    const code = provider.lastCode('+14155552671');
    expect(await verifications.check({ requestId, code, caller })).toMatchObject({
      ok: false,
      code: 'unknown-request',
    });
    for (const nonsense of ['', 'x', "'; --"])
      expect(await verifications.check({ requestId: nonsense, code, caller })).toMatchObject({
        code: 'unknown-request',
      });
    expect(await verifications.check({ requestId, code: '1', purpose: 'sign-in', caller })).toMatchObject({
      ok: false,
      code: 'invalid-input',
      codeDefect: 'too-short',
    });
    expect(await verifications.check({ requestId, code, purpose: 'sign-in', caller })).toMatchObject({
      ok: true,
      request: { status: 'VERIFIED' },
    });
  });

  it('and keeps its own throttlers', async () => {
    @Controller('limited')
    @UseGuards(ThrottlerGuard)
    class LimitedController {
      @Get()
      read() {
        return 'well within the limit of the verification';
      }
    }
    // It imports no throttler itself: it gets the global one of its application.
    @Module({ controllers: [LimitedController] })
    class FeatureModule {}
    @Module({
      imports: [
        typeOrm(),
        VerificationModule.forRoot(options()),
        FeatureModule,
        ThrottlerModule.forRoot([{ limit: 2, ttl: 60_000 }]),
      ],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0);
    const statuses: number[] = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await fetch(`${await app.getUrl()}/limited`)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('and a wrong option says so at the start', async () => {
    @Module({
      imports: [typeOrm(), VerificationModule.forRoot({ ...options(), policy: { ttlSeconds: 3600 } })],
    })
    class HostModule {}
    await expect(nestApplication(HostModule)).rejects.toThrow(
      'policy.ttlSeconds must be a whole number from 60 to 600',
    );
  });
});
