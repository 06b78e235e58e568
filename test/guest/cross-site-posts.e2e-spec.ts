import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AdminModule, ProtectionModule, TwoFactorModule, VerificationModule } from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import type { TestApplication } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HeaderSessions } from '../support/header-sessions.js';
import { nestApplication } from '../support/nest-application.js';
import { servedRoutes } from '../support/routes.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

let database: TestDatabase;
let app: NestExpressApplication | undefined;
afterEach(async () => {
  await app?.close();
  await database.drop();
});

it('every post to our routes from another site is refused in an application that checks nothing itself', async () => {
  database = await createTestDatabase();
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url: database.url }),
      ProtectionModule.forRoot({}),
      VerificationModule.forRoot({
        provider: new FakeVerificationProvider(),
        keys: { encryption: ring('e1'), fingerprint: ring('f1') },
      }),
      TwoFactorModule.forRoot({ sessions: new HeaderSessions(), guardAll: false }),
      AdminModule.forRoot({ isAdmin: () => true }),
    ],
  })
  class HostModule {}
  app = await nestApplication(HostModule);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const posts = servedRoutes({ app } as TestApplication).filter(({ method }) => method === 'POST');
  expect(posts.length).toBeGreaterThan(30);
  for (const { path } of posts) {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { Accept: 'application/json', 'Sec-Fetch-Site': 'cross-site', Cookie: 'session=1' },
    });
    const { code } = (await answer.json()) as { code?: string };
    expect([path, answer.status, code]).toEqual([path, 403, 'cross-origin']);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  }
});
