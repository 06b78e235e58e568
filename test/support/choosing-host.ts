import { randomBytes } from 'node:crypto';
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
import { DataSource } from 'typeorm';
import type { Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import {
  ExpressSessions,
  RequireFactor,
  SecondFactorGuard,
  StepUpGrants,
  TwoFactorModule,
  type TwoFactorModuleOptions,
  TwoFactorService,
  VerificationModule,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { freshNumber } from './application.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { nestApplication } from './nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const KEYS = { encryption: ring('e1'), fingerprint: ring('f1') };
export const HOUR_MS = 3_600_000;

const PUBLIC = 'is-public';
export const Public = () => SetMetadata(PUBLIC, true);
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

  @Get('vault')
  @RequireFactor({ factor: 'totp' })
  vault() {
    return { isOpen: true };
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

/** An application of another team, in one database under any options of `TwoFactorModule`. */
export class ChoosingHost {
  readonly provider = new FakeVerificationProvider();
  readonly sessions: RequestHandler = session({
    secret: 'of the host',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: HOUR_MS },
  });
  readonly started: NestExpressApplication[] = [];

  private constructor(private readonly database: TestDatabase) {}

  static async create(): Promise<ChoosingHost> {
    return new ChoosingHost(await createTestDatabase());
  }

  async close(): Promise<void> {
    for (const app of this.started) await app.close();
    await this.database.drop();
  }

  async query(sql: string): Promise<void> {
    await this.started[0]!.get(DataSource).query(sql);
  }

  /** @returns its URL */
  async start(
    options: Partial<TwoFactorModuleOptions> & { decorators?: ClassDecorator[] } = {},
  ): Promise<string> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: this.database.url }),
        VerificationModule.forRoot({ provider: this.provider, keys: KEYS, routes: false }),
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
    app.use(this.sessions);
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, 'localhost');
    this.started.push(app);
    return (await app.getUrl()).replace('[::1]', 'localhost').replace('127.0.0.1', 'localhost');
  }
}

/** Keeps its cookies, and speaks JSON. */
export class Browser {
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly host: ChoosingHost,
    public url: string,
  ) {}

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
    const text = (await answer.text()) || '{}';
    return { status: answer.status, body: JSON.parse(text) as Record<string, unknown> };
  }

  signsIn = (user: string) => this.call('POST', `/sign-in?user=${user}`);

  async enrols(): Promise<string> {
    const phoneNumber = freshNumber();
    const { body } = await this.call('POST', '/two-factor/phones', { phoneNumber });
    const otpCode = this.host.provider.lastCode(phoneNumber);
    const done = await this.call('POST', '/two-factor/phones/verify', {
      requestId: body['requestId'],
      otpCode,
    });
    if (done.status !== 200) throw new Error(`not enrolled: ${done.status} ${JSON.stringify(done.body)}`);
    return phoneNumber;
  }

  async shows(phoneNumber: string, base = '/two-factor', more = {}) {
    const { body } = await this.call('POST', `${base}/challenge`, {});
    const otpCode = this.host.provider.lastCode(phoneNumber);
    return this.call('POST', `${base}/verify`, { requestId: body['requestId'], otpCode, ...more });
  }
}
