import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  Controller,
  Get,
  HttpCode,
  Module,
  Post,
  Query,
  Req,
  Res,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import { WebSocket } from 'ws';
import {
  ExpressSessions,
  SecondFactorGuard,
  StepUpGrants,
  TwoFactorModule,
  type TwoFactorModuleOptions,
  TwoFactorService,
  VerificationModule,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { freshNumber } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { nestApplication } from '../support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const KEYS = { encryption: ring('e1'), fingerprint: ring('f1') };
const HOUR_MS = 3_600_000;

const PUBLIC = 'is-public';
const Public = () => SetMetadata(PUBLIC, true);
const reflector = new Reflector();

@Controller()
class HostController {
  constructor(
    private readonly twoFactor: TwoFactorService,
    private readonly stepUps: StepUpGrants,
  ) {}

  @Post('sign-in')
  @HttpCode(200)
  @Public()
  async signIn(
    @Query('user') user: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const userId = request.query['number'] ? (Number(user) as unknown as string) : user;
    const method = request.query['method'] as string | undefined;
    const { next, assurance } = await this.twoFactor.signIn(request, response, userId, { method });
    return { next, level: assurance.level, pending: assurance.pending };
  }

  @Post('sign-out')
  @HttpCode(200)
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    await this.twoFactor.signOut(request, response);
    return {};
  }

  @Get('lifetime')
  lifetime(@Req() request: Request) {
    return { originalMaxAge: request.session.cookie.originalMaxAge };
  }

  /** The date is that of a class-transformer `@Type(() => Date)`. */
  @Get('transfer')
  async transfer(@Query('date') date: string, @Query('grant') grant: unknown, @Req() request: Request) {
    await this.stepUps.requireFor(
      request,
      {
        action: 'transfer',
        payload: { on: new Date(date) },
        summary: `Transfer on ${date}`,
        returnTo: request.originalUrl,
      },
      grant,
    );
    return { done: true };
  }
}

const requests = new WeakMap<object, Request>();

@WebSocketGateway()
@UseGuards(SecondFactorGuard)
class Gateway implements OnGatewayConnection {
  handleConnection(client: object, request: Request): void {
    requests.set(client, request);
  }

  @SubscribeMessage('closed')
  closed() {
    return { event: 'closed', data: 'served' };
  }
}

describe('what a host may choose', () => {
  let database: TestDatabase;
  const provider = new FakeVerificationProvider();
  const sessions: RequestHandler = session({
    secret: 'of the host',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: HOUR_MS },
  });
  const started: NestExpressApplication[] = [];
  const sockets: WebSocket[] = [];
  let url: string;

  async function start(options: Partial<TwoFactorModuleOptions> & { decorators?: ClassDecorator[] } = {}) {
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url }),
        VerificationModule.forRoot({ provider, keys: KEYS, routes: false }),
        TwoFactorModule.forRoot({
          sessions: new ExpressSessions(),
          isPublic: (context) =>
            reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()]),
          requestOf: (context) => requests.get(context.switchToWs().getClient<object>()) ?? null,
          ...options,
        }),
      ],
      controllers: [HostController],
      providers: [Gateway],
    })
    class HostModule {}
    const app = await nestApplication(HostModule);
    app.use(sessions);
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, 'localhost');
    started.push(app);
    return (await app.getUrl()).replace('[::1]', 'localhost').replace('127.0.0.1', 'localhost');
  }

  beforeAll(async () => {
    database = await createTestDatabase();
    url = await start();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    for (const app of started) await app.close();
    await database.drop();
  });

  class Browser {
    readonly cookies = new Map<string, string>();

    constructor(public url: string) {}

    get cookie() {
      return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    }

    async call(method: string, path: string, body?: object) {
      const answer = await fetch(this.url + path, {
        method,
        headers: {
          Accept: 'application/json',
          Origin: this.url,
          Cookie: this.cookie,
          ...(body ? { 'Content-Type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
        this.cookies.set(name!, value!);
      }
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    }

    signsIn = (user: string) => this.call('POST', `/sign-in?user=${user}`);

    async enrols(): Promise<string> {
      const phoneNumber = freshNumber();
      const { body } = await this.call('POST', '/two-factor/phones', { phoneNumber });
      const otpCode = provider.lastCode(phoneNumber);
      const done = await this.call('POST', '/two-factor/phones/verify', {
        requestId: body['requestId'],
        otpCode,
      });
      expect(done).toMatchObject({ status: 200 });
      return phoneNumber;
    }

    async shows(phoneNumber: string, base = '/two-factor', more = {}) {
      const { body } = await this.call('POST', `${base}/challenge`, {});
      const otpCode = provider.lastCode(phoneNumber);
      return this.call('POST', `${base}/verify`, { requestId: body['requestId'], otpCode, ...more });
    }
  }

  it('its marker of public routes on our controllers too: they know who is signed in', async () => {
    const browser = new Browser(await start({ decorators: [Public()] }));
    expect((await browser.call('GET', '/two-factor/settings')).status).toBe(401);
    await browser.signsIn('marked');
    expect((await browser.call('GET', '/two-factor/settings')).status).toBe(200);
    await browser.enrols();
  });

  it('a lifetime of the cookie, which no step shortens', async () => {
    const browser = new Browser(url);
    await browser.signsIn('lasting');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await browser.enrols();
    expect((await browser.call('GET', '/lifetime')).body).toEqual({ originalMaxAge: HOUR_MS });
  });

  it('no trusted browsers any more: those of before are asked for the second factor', async () => {
    const browser = new Browser(url);
    await browser.signsIn('trusting');
    const phoneNumber = await browser.enrols();
    await browser.signsIn('trusting');
    await browser.shows(phoneNumber, '/two-factor', { trustBrowser: 'on' });
    expect((await browser.signsIn('trusting')).body).toMatchObject({ pending: false });
    browser.url = await start({ trustBrowserDays: null });
    expect((await browser.signsIn('trusting')).body).toMatchObject({ pending: true });
  });

  it('a cookie of a trusted browser that nobody can read is none', async () => {
    const browser = new Browser(url);
    browser.cookies.set('__Host-trusted-browser', `${'-'.repeat(36)}.${'a'.repeat(43)}`);
    expect((await browser.signsIn('broken')).status).toBe(200);
  });

  it('a date in what is confirmed: another date has to be confirmed itself', async () => {
    const browser = new Browser(url);
    await browser.signsIn('dated');
    const phoneNumber = await browser.enrols();
    const { body } = await browser.call('GET', '/transfer?date=2026-01-01');
    const grant = String(body['grant']);
    const shown = await browser.shows(phoneNumber, `/two-factor/step-up/${grant}`);
    expect(shown.status).toBe(200);
    expect((await browser.call('GET', `/transfer?date=2026-12-31&grant=${grant}`)).status).toBe(403);
    expect((await browser.call('GET', `/transfer?date=2026-01-01&grant=${grant}`)).status).toBe(200);
  });

  it('the page itself to come back to: it has one grant, the newest', async () => {
    const browser = new Browser(url);
    await browser.signsIn('returning');
    await browser.enrols();
    const { body: first } = await browser.call('GET', '/transfer?date=2026-01-01');
    const { body } = await browser.call('GET', `/transfer?date=2026-01-01&grant=${String(first['grant'])}`);
    const back = new URL(String(body['next']), url).searchParams.get('returnTo')!;
    expect(new URL(back, url).searchParams.getAll('grant')).toEqual([body['grant']]);
  });

  it('ids that are numbers', async () => {
    const browser = new Browser(url);
    expect((await browser.call('POST', '/sign-in?user=17&number=yes')).status).toBe(200);
    const phoneNumber = await browser.enrols();
    await browser.call('POST', '/sign-in?user=17&number=yes');
    expect((await browser.shows(phoneNumber)).status).toBe(200);
    expect((await browser.call('POST', '/two-factor/authenticators', {})).status).toBe(200);
  });

  it('a name of the first factor, but not that of a second one: nobody would be signed in', async () => {
    const browser = new Browser(url);
    expect((await browser.call('POST', '/sign-in?user=named&method=email')).body).toMatchObject({
      level: 'first-factor',
    });
    await expect(
      started[0]!.get(TwoFactorService).signIn({} as Request, {} as Response, 'named', { method: 'passkey' }),
    ).rejects.toThrow("'passkey' names a second factor");
  });

  it('a socket that was opened in a session of express-session: it is refused once that session has ended', async () => {
    const upgraded = started[0]!.getHttpServer() as import('node:http').Server;
    upgraded.prependListener('upgrade', (request) => {
      void sessions(request as Request, {} as Response, () => undefined);
    });
    const browser = new Browser(url);
    await browser.signsIn('connected');
    const socket = new WebSocket(url.replace('http', 'ws'), { headers: { Cookie: browser.cookie } });
    sockets.push(socket);
    await once(socket, 'open');
    const send = async () => {
      const answer = once(socket, 'message');
      socket.send(JSON.stringify({ event: 'closed', data: {} }));
      const [data] = (await answer) as [Buffer];
      return (JSON.parse(data.toString()) as { event: string }).event;
    };
    expect(await send()).toBe('closed');
    await browser.call('POST', '/sign-out');
    expect(await send()).toBe('exception');
  });
});
