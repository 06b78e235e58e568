import { randomBytes } from 'node:crypto';
import {
  type CanActivate,
  type ExecutionContext,
  ImATeapotException,
  Injectable,
  Module,
  SetMetadata,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AdminModule, ProtectionModule, TwoFactorModule, VerificationModule } from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HeaderSessions } from '../support/header-sessions.js';
import { nestApplication } from '../support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const Public = () => SetMetadata('isPublic', true);

/** The host's guard of every route that has no marker. */
@Injectable()
class HostGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride('isPublic', [context.getHandler(), context.getClass()])) return true;
    throw new ImATeapotException();
  }
}

describe('a global guard of the application', () => {
  let database: TestDatabase;
  let app: NestExpressApplication;
  beforeAll(async () => {
    database = await createTestDatabase();
    const decorators = [Public()];
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url }),
        ProtectionModule.forRoot({}),
        VerificationModule.forRoot({
          provider: new FakeVerificationProvider(),
          keys: { encryption: ring('e1'), fingerprint: ring('f1') },
          decorators,
        }),
        TwoFactorModule.forRoot({ sessions: new HeaderSessions(), decorators }),
        AdminModule.forRoot({ isAdmin: () => true, decorators }),
      ],
      providers: [{ provide: APP_GUARD, useClass: HostGuard }],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it.each([
    ['the phone form', '/', 200],
    ['the settings', '/two-factor/settings', 401],
    ['the history', '/admin/verifications', 401],
    ['the blocks', '/admin/blocks', 401],
    ['the statistics', '/admin', 401],
    ['the audit', '/admin/audit', 401],
  ])('lets people to %s by its marker, and ours decides', async (_name, path, status) => {
    const answer = await fetch((await app.getUrl()) + path, { headers: { Accept: 'application/json' } });
    expect(answer.status).toBe(status);
  });
});
