import { randomBytes } from 'node:crypto';
import {
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpCode,
  HttpException,
  Injectable,
  Module,
  type NestInterceptor,
  Post,
  Req,
  Res,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import session from 'express-session';
import { map, type Observable } from 'rxjs';
import supertest from 'supertest';
import {
  CurrentAssurance,
  type Assurance,
  ExpressSessions,
  SkipSecondFactor,
  TwoFactorModule,
  TwoFactorService,
  VerificationModule,
} from '../../src/index.js';
import { FakeVerificationProvider, signInWithSms } from '../../src/testing/index.js';
import { freshNumber } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { nestApplication } from '../support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

/** Wraps every answer of the application, and fails when it is told to. */
@Injectable()
class Envelope implements NestInterceptor {
  static fails = false;

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((data: unknown) => {
        if (Envelope.fails) throw new HttpException('the envelope is torn', 502);
        return { ok: true, data };
      }),
    );
  }
}

@Catch(HttpException)
class ShapeOfErrors implements ExceptionFilter {
  catch(error: HttpException, host: import('@nestjs/common').ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(error.getStatus()).json({ ok: false });
  }
}

/** The host's requests that wait for the test to let them go on. */
const held: (() => void)[] = [];
let isHeld: () => void;

@Controller()
class HostController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  /** The ids of the host's users are numbers. */
  @SkipSecondFactor()
  @Post('login')
  @HttpCode(200)
  async login(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const { next } = await this.twoFactor.signIn(request, response, (request.body as { id: number }).id);
    return { next };
  }

  @Get('account')
  account(@CurrentAssurance() { userId }: Assurance) {
    return { userId };
  }

  @Get('slow')
  async slow() {
    isHeld();
    await new Promise<void>((resolve) => held.push(resolve));
    return {};
  }
}

describe('a host with conventions of its own: an envelope, a shape of errors, numeric ids, `resave`', () => {
  let database: TestDatabase;
  let app: NestExpressApplication;
  const provider = new FakeVerificationProvider();
  /** What the functions of the host were asked with. */
  const asked: unknown[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url }),
        VerificationModule.forRoot({ provider, keys: { encryption: ring('e1'), fingerprint: ring('f1') } }),
        TwoFactorModule.forRoot({
          sessions: new ExpressSessions(),
          isRequired: (userId) => (asked.push(userId), false),
        }),
      ],
      controllers: [HostController],
      providers: [
        { provide: APP_INTERCEPTOR, useClass: Envelope },
        { provide: APP_FILTER, useClass: ShapeOfErrors },
      ],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    app.use(session({ secret: 'of the host', resave: true, saveUninitialized: false }));
    await app.listen(0, '127.0.0.1');
  });
  afterEach(() => {
    Envelope.fails = false;
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const agentOf = async (id: number) => {
    const agent = supertest.agent(app.getHttpServer());
    expect((await agent.post('/login').send({ id })).body).toEqual({ ok: true, data: { next: '/' } });
    return agent;
  };
  const json = { Accept: 'application/json', 'Sec-Fetch-Site': 'same-origin' };

  it('our pages stay pages, and our JSON is as documented; the host’s own answers are in its envelope', async () => {
    const agent = await agentOf(1);
    for (const path of ['/', '/two-factor/settings']) {
      const page = await agent.get(path).set('Accept', 'text/html');
      expect([path, page.status, page.type]).toEqual([path, 200, 'text/html']);
      expect(page.text).toMatch(/^<!doctype html>/);
    }
    await signInWithSms(agent, { phoneNumber: freshNumber(), provider });
    const { assurance } = (await agent.get('/two-factor').set(json)).body;
    expect(assurance.level).toBe('two-factor');
    expect((await agent.get('/account')).body).toEqual({ ok: true, data: { userId: '1' } });
    const away = await agent.post('/two-factor/sign-out').set(json);
    expect([away.status, away.text]).toEqual([204, '']);
  });

  it('and when an interceptor of the host fails, ours is not the answer', async () => {
    const agent = await agentOf(2);
    Envelope.fails = true;
    const answer = await agent.get('/two-factor').set(json);
    expect([answer.status, answer.type, answer.body.assurance]).toEqual([
      502,
      'application/problem+json',
      undefined,
    ]);
  });

  it('a number as the user’s id is a text wherever the host is asked', async () => {
    asked.length = 0;
    const agent = await agentOf(3);
    await agent.get('/account');
    expect(new Set(asked)).toEqual(new Set(['3']));
  });

  it.each([undefined, null, '', ' ', 1.5, {}, []])('%p names nobody, so it signs nobody in', async (id) => {
    const agent = supertest.agent(app.getHttpServer());
    expect((await agent.post('/login').send({ id })).status).toBe(500);
    expect((await agent.get('/account').set(json)).status).toBe(401);
  });

  it('a session that was signed out stays so, although a slower request stores it again', async () => {
    const agent = await agentOf(4);
    const isWaiting = new Promise<void>((resolve) => (isHeld = resolve));
    const slow = agent.get('/slow').then((answer) => answer.status);
    await isWaiting;
    const [cookie] = agent.jar.getCookies({ path: '/', domain: '127.0.0.1', secure: false, script: false });
    expect((await agent.post('/two-factor/sign-out').set(json)).status).toBe(204);
    held.pop()!();
    expect(await slow).toBe(200);
    const again = await supertest(app.getHttpServer())
      .get('/account')
      .set({ ...json, Cookie: cookie!.toValueString() });
    expect(again.status).toBe(401);
  });
});
