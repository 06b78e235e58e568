import { randomBytes } from 'node:crypto';
import { Controller, Get, HttpCode, Module, Post, Req, Res } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import session from 'express-session';
import pg from 'pg';
import supertest from 'supertest';
import {
  ExpressSessions,
  RequireFactor,
  SkipSecondFactor,
  TwoFactorModule,
  TwoFactorService,
  VerificationModule,
} from '../src/index.js';
import {
  FakeVerificationProvider,
  signInWithSms,
  startTestDatabase,
  type TestDatabase,
} from '../src/testing/index.js';
import { freshNumber } from './support/application.js';
import { nestApplication } from './support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

@Controller()
class HostController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  @SkipSecondFactor()
  @Post('login')
  @HttpCode(204)
  async login(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    await this.twoFactor.signIn(request, response, (request.body as { user: string }).user);
  }

  @Get('account')
  account() {
    return {};
  }

  @RequireFactor({ maxAgeSeconds: 300 })
  @Get('api-keys')
  apiKeys() {
    return {};
  }
}

describe('the testing kit, as a host uses it', () => {
  let database: TestDatabase;
  let provider: FakeVerificationProvider;
  let app: NestExpressApplication;
  beforeAll(async () => {
    database = await startTestDatabase({ server: process.env['TEST_POSTGRES_URL']! });
    provider = new FakeVerificationProvider();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url }),
        VerificationModule.forRoot({
          provider,
          keys: { encryption: ring('e1'), fingerprint: ring('f1') },
          database: { migrationsRun: true },
        }),
        TwoFactorModule.forRoot({ sessions: new ExpressSessions() }),
      ],
      controllers: [HostController],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    app.use(session({ secret: 'of the host', resave: false, saveUninitialized: false }));
    await app.init();
  });
  afterAll(async () => {
    await app.close();
    await database.stop();
  });
  afterEach(() => database.clock.reset());

  const agentOf = async (user: string) => {
    const agent = supertest.agent(app.getHttpServer());
    await agent.post('/login').send({ user }).expect(204);
    return agent;
  };

  it('signInWithSms enrols a phone, and from then on shows it', async () => {
    const user = { phoneNumber: freshNumber(), provider };
    const first = await agentOf('anna');
    await first.get('/api-keys').expect(403);
    await signInWithSms(first, user);
    await first.get('/api-keys').expect(200);

    const second = await agentOf('anna');
    await second.get('/account').expect(403);
    await signInWithSms(second, user);
    await second.get('/account').expect(200);
    expect(provider.messages).toHaveLength(2);
  });

  it('signInWithSms says why it was refused', async () => {
    const nobody = supertest.agent(app.getHttpServer());
    await expect(signInWithSms(nobody, { phoneNumber: freshNumber(), provider })).rejects.toThrow(
      /refused: 401 .*sign-in-required/,
    );
  });

  it('the clock moves the cooldown, the expiry and the age of a factor', async () => {
    const agent = await agentOf('ben');
    await signInWithSms(agent, { phoneNumber: freshNumber(), provider });
    await database.clock.advance(299);
    await agent.get('/api-keys').expect(200);
    await database.clock.advance(2);
    await agent.get('/api-keys').expect(403);

    const program = supertest(app.getHttpServer());
    const started = await program.post('/request-otp').send({ phoneNumber: freshNumber() }).expect(200);
    const { requestId } = started.body as { requestId: string };
    await program.post('/resend-otp').send({ requestId }).expect(429);
    await database.clock.advance(31);
    await program.post('/resend-otp').send({ requestId }).expect(200);
    await database.clock.advance(300);
    await program.post('/verify-otp').send({ requestId, otpCode: '123456' }).expect(410);
  });

  it('the clock moves the throttler’s windows', async () => {
    const program = supertest(app.getHttpServer());
    const start = () => program.post('/request-otp').send({ phoneNumber: 'no number' });
    let answer = await start();
    for (let sent = 0; sent < 200 && answer.status !== 429; sent += 1) answer = await start();
    expect(answer.status).toBe(429);
    await database.clock.advance(Number(answer.headers['retry-after']));
    expect((await start()).status).not.toBe(429);
  });

  it('a moved clock is the process’s too, and its dates are dates', async () => {
    const before = new Date();
    await database.clock.advance(86_400);
    expect(Date.now() - before.getTime()).toBeGreaterThanOrEqual(86_400_000);
    expect(new Date()).toBeInstanceOf(Date);
    expect(before).toBeInstanceOf(Date);
    expect(new Date(0).getTime()).toBe(0);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ now: Date; at: Date }>('SELECT now(), clock_timestamp() AS at');
    await client.end();
    for (const time of Object.values(rows[0]!))
      expect(Math.abs(time.getTime() - Date.now())).toBeLessThan(5000);
    await expect(database.clock.advance(-1)).rejects.toThrow(RangeError);
  });
});

describe('startTestDatabase by itself', () => {
  it('leaves the real time, also when one was started while the clock of another was ahead', async () => {
    const server = process.env['TEST_POSTGRES_URL']!;
    const first = await startTestDatabase({ server });
    await first.clock.advance(3600);
    const second = await startTestDatabase({ server });
    await first.stop();
    await second.stop();
    const realMs = performance.timeOrigin + performance.now();
    expect(Math.abs(Date.now() - realMs)).toBeLessThan(60_000);
  });

  it('starts a Postgres that nobody has installed, and leaves nothing', async () => {
    const database = await startTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('CREATE TABLE things (id int)');
    const { rows } = await client.query(`SELECT 'public.things'::regclass::text AS made`);
    expect(rows).toEqual([{ made: 'things' }]);
    await client.end();
    await database.stop();
    await expect(new pg.Client({ connectionString: database.url }).connect()).rejects.toThrow(/ECONNREFUSED/);
  });
});
