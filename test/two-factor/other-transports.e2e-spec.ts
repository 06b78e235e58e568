import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  Controller,
  type ExecutionContext,
  Get,
  Module,
  Post,
  Req,
  Res,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Request, Response } from 'express';
import { WebSocket } from 'ws';
import {
  RequireFactor,
  SecondFactorGuard,
  SkipSecondFactor,
  TwoFactorModule,
  TwoFactorService,
  VerificationModule,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HeaderSessions } from '../support/header-sessions.js';
import { nestApplication } from '../support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

const PUBLIC = 'is-public';
/** The marker that the host has always had. */
const Public = () => SetMetadata(PUBLIC, true);

@Controller()
class HostController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  @Post('sign-in')
  @Public()
  async signIn(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.twoFactor.signIn(request, response, 'anna');
  }

  @Post('sign-out')
  async signOut(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    await this.twoFactor.signOut(request, response);
    return {};
  }

  @Get('closed')
  closed() {
    return {};
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

  @SubscribeMessage('transfer')
  @RequireFactor()
  transfer() {
    return { event: 'transfer', data: 'served' };
  }

  @SubscribeMessage('open')
  @SkipSecondFactor()
  open() {
    return { event: 'open', data: 'served' };
  }
}

/** A resolver's handler, as @nestjs/graphql calls it: its arguments are root, arguments, context and info. */
const graphql = (request: unknown, handler: () => void = Gateway.prototype.closed) => {
  const context = new ExecutionContextHost([{}, {}, { req: request }, {}], Gateway, handler);
  context.setType('graphql');
  return context;
};

function requestOf(context: ExecutionContext): Request | null {
  if (context.getType<string>() === 'ws')
    return requests.get(context.switchToWs().getClient<object>()) ?? null;
  if (context.getType<string>() === 'graphql') return context.getArgByIndex<{ req: Request }>(2).req;
  return null;
}

describe.each([
  ['with requestOf', { requestOf }],
  ['without requestOf', {}],
])('calls that are not HTTP, %s', (_name, options) => {
  let database: TestDatabase;
  let app: NestExpressApplication;
  let url: string;
  const sockets: WebSocket[] = [];
  const isServed = 'requestOf' in options;
  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url }),
        VerificationModule.forRoot({
          provider: new FakeVerificationProvider(),
          keys: { encryption: ring('e1'), fingerprint: ring('f1') },
          routes: false,
        }),
        TwoFactorModule.forRoot({
          sessions: new HeaderSessions(),
          isPublic: (context) => Reflect.getMetadata(PUBLIC, context.getHandler()) === true,
          ...options,
        }),
      ],
      controllers: [HostController],
      providers: [Gateway],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0);
    url = await app.getUrl();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await app.close();
    await database.drop();
  });

  const post = (path: string, session: string) =>
    fetch(url + path, { method: 'POST', headers: { 'X-Session': session, Origin: url } });

  async function connect(session: string): Promise<WebSocket> {
    const socket = new WebSocket(url.replace('http', 'ws'), { headers: { 'X-Session': session } });
    sockets.push(socket);
    await once(socket, 'open');
    return socket;
  }

  /** @returns the event of the answer: that of the message, or `exception` */
  async function send(socket: WebSocket, event: string): Promise<string> {
    const answer = once(socket, 'message');
    socket.send(JSON.stringify({ event, data: {} }));
    const [data] = (await answer) as [Buffer];
    return (JSON.parse(data.toString()) as { event: string }).event;
  }

  it('a message of somebody who is not signed in is refused', async () => {
    expect(await send(await connect('nobody'), 'closed')).toBe('exception');
  });

  it('a message of a signed-in user is served, until the session ends', async () => {
    await post('/sign-in', 'one');
    const socket = await connect('one');
    expect(await send(socket, 'closed')).toBe(isServed ? 'closed' : 'exception');
    await post('/sign-out', 'one');
    expect(await send(socket, 'closed')).toBe('exception');
  });

  it('a message that needs a factor is refused to a session without one', async () => {
    await post('/sign-in', 'two');
    expect(await send(await connect('two'), 'transfer')).toBe('exception');
  });

  it('a message that is open to everybody is served', async () => {
    expect(await send(await connect('nobody'), 'open')).toBe('open');
  });

  it('a GraphQL resolver is served to a signed-in user only', async () => {
    const guard = app.get(SecondFactorGuard);
    await post('/sign-in', 'three');
    const of = (session: string) => guard.canActivate(graphql({ headers: { 'x-session': session } }));
    expect([await of('three'), await of('nobody')]).toEqual([isServed, false]);
    const unknown = graphql(null);
    unknown.setType('rpc');
    expect(await guard.canActivate(unknown)).toBe(false);
  });

  it("the host's own marker opens its routes, and no others", async () => {
    expect((await post('/sign-in', 'four')).status).toBe(201);
    expect((await fetch(`${url}/closed`, { headers: { Accept: 'application/json' } })).status).toBe(401);
  });
});
