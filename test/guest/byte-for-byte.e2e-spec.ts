import { connect } from 'node:net';
import { randomBytes } from 'node:crypto';
import { ConsoleLogger, type DynamicModule, type ExecutionContext, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AdminModule, ProtectionModule, TwoFactorModule, VerificationModule } from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HeaderSessions } from '../support/header-sessions.js';
import { PUBLIC, REQUESTS, setUpHost, ShopController } from './host-routes.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

interface Guarding {
  guardAll?: boolean;
  isPublic?: (context: ExecutionContext) => boolean;
}

/** The whole answer as it comes over the wire, without what differs from second to second. */
function bytesOf(
  port: number,
  [method, path, headers = {}, body]: (typeof REQUESTS)[number],
): Promise<string> {
  const lines = Object.entries({
    Host: 'host.example',
    Connection: 'close',
    ...headers,
    ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
    });
    let answer = '';
    socket.setEncoding('utf8').on('data', (data: string) => (answer += data));
    socket.on('end', () => resolve(answer.replace(/^Date: .*\r\n/m, '')));
    socket.on('error', reject);
  });
}

describe('your own routes answer exactly as before, byte for byte', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  async function answersOf(imports: DynamicModule[]): Promise<string[]> {
    @Module({ imports, controllers: [ShopController] })
    class HostModule {}
    const app = await NestFactory.create<NestExpressApplication>(HostModule as Type, {
      logger: new ConsoleLogger({ logLevels: [] }),
    });
    setUpHost(app);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    const answers: string[] = [];
    for (const request of REQUESTS) answers.push(await bytesOf(port, request));
    await app.close();
    return answers;
  }

  const ours = (guarding: Guarding) => [
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: database.url,
    }),
    ProtectionModule.forRoot({}),
    VerificationModule.forRoot({
      provider: new FakeVerificationProvider(),
      keys: { encryption: ring('e1'), fingerprint: ring('f1') },
    }),
    TwoFactorModule.forRoot({ sessions: new HeaderSessions(), ...guarding }),
    AdminModule.forRoot({ isAdmin: () => false }),
  ];
  const isPublic = (context: ExecutionContext) => Reflect.getMetadata(PUBLIC, context.getClass()) === true;

  it.each<[string, Guarding]>([
    ['with guardAll: false', { guardAll: false }],
    ['with the host’s own marker of public routes', { isPublic }],
  ])('%s', async (_name, guarding) => {
    const before = await answersOf([]);
    const after = await answersOf(ours(guarding));
    expect(REQUESTS.length).toBeGreaterThan(27);
    expect(before.filter((answer) => !answer.startsWith('HTTP/1.1 '))).toEqual([]);
    REQUESTS.forEach(([method, path], i) => {
      expect([method, path, after[i]]).toEqual([method, path, before[i]]);
    });
  });
});
