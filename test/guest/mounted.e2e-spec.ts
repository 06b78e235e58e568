import { randomBytes, randomUUID } from 'node:crypto';
import { type DynamicModule, Injectable, Module, type Type, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import {
  AdminModule,
  type AuthenticationState,
  MountedPaths,
  ProtectionModule,
  TwoFactorModule,
  TwoFactorPaths,
  VerificationModule,
} from '../../src/index.js';
import { RepeatedPosts } from '../../src/http/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HeaderSessions } from '../support/header-sessions.js';
import { nestApplication } from '../support/nest-application.js';
import { submitForm } from '../support/submit-form.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

interface Case {
  /** Where people find the phone form, the second factor and the administration. */
  phone: string;
  twoFactor: string;
  admin: string;
  paths?: { verification?: string; twoFactor?: string; admin?: string };
  imports?: DynamicModule[];
  setUp?: (app: NestExpressApplication) => void;
  /** The path that a proxy in front removes. */
  removed?: string;
}

const versioned = (app: NestExpressApplication) => {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
};

const CASES: [string, Case][] = [
  ['where they are by default', { phone: '', twoFactor: '/two-factor', admin: '/admin' }],
  [
    'under paths of the host',
    {
      phone: '/phone',
      twoFactor: '/mfa',
      admin: '/backoffice/sms',
      paths: { verification: 'phone', twoFactor: 'mfa', admin: 'backoffice/sms' },
    },
  ],
  [
    'under a global prefix and a version',
    { phone: '/api/v1', twoFactor: '/api/v1/two-factor', admin: '/api/v1/admin', setUp: versioned },
  ],
  [
    'under a prefix, a version and a path of the host',
    {
      phone: '/api/v1',
      twoFactor: '/api/v1/mfa',
      admin: '/api/v1/admin',
      paths: { twoFactor: 'mfa' },
      setUp: versioned,
    },
  ],
  [
    'under a RouterModule of the host',
    {
      phone: '',
      twoFactor: '/auth/two-factor',
      admin: '/admin',
      imports: [RouterModule.register([{ path: 'auth', module: TwoFactorModule }])],
    },
  ],
  [
    'behind a proxy that removes a path',
    { phone: '/login', twoFactor: '/login/two-factor', admin: '/login/admin', removed: '/login' },
  ],
];

/** Asks where the routes are before Nest has them. */
@Injectable()
class EarlyLinks {
  readonly settings: string;

  constructor(paths: TwoFactorPaths) {
    this.settings = paths.settings;
  }
}

describe('forms, links, redirects and assets lead to where the routes are', () => {
  let database: TestDatabase;
  let app: NestExpressApplication | undefined;
  let repeats: jest.SpiedFunction<RepeatedPosts['use']>;
  beforeAll(async () => {
    repeats = jest.spyOn(RepeatedPosts.prototype, 'use');
    database = await createTestDatabase();
  });
  afterEach(() => app?.close());
  afterAll(() => {
    repeats.mockRestore();
    return database.drop();
  });

  const sessions = new HeaderSessions();
  const anna: AuthenticationState = {
    userId: 'anna',
    sid: randomUUID(),
    authentications: [{ method: 'pwd', completedAt: new Date().toISOString() }],
    epoch: 0,
    signedInAt: new Date().toISOString(),
  };

  async function start({ paths = {}, imports = [], setUp, removed }: Case): Promise<string> {
    @Module({
      imports: [
        ...imports,
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
        }),
        ProtectionModule.forRoot({}),
        VerificationModule.forRoot({
          provider: new FakeVerificationProvider(),
          keys: { encryption: ring('e1'), fingerprint: ring('f1') },
          http: { publicUrl: removed ? `https://host.example${removed}` : null },
          path: paths.verification ?? '',
        }),
        TwoFactorModule.forRoot({ sessions, path: paths.twoFactor }),
        AdminModule.forRoot({ isAdmin: () => true, ...(paths.admin && { path: paths.admin }) }),
      ],
      providers: [EarlyLinks],
    })
    class HostModule {}
    app = await nestApplication(HostModule as Type);
    setUp?.(app);
    await app.listen(0, '127.0.0.1');
    return app.getUrl();
  }

  it.each(CASES)('%s', async (_name, expected) => {
    const { phone, twoFactor, admin, removed = '' } = expected;
    const url = await start(expected);
    // What the proxy hands on, and what the browser sees.
    const open = (path: string, headers: Record<string, string> = {}) =>
      fetch(url + (path.slice(removed.length) || '/'), {
        redirect: 'manual',
        headers: { Accept: 'text/html', ...headers },
      });

    const form = await open(phone);
    const page = await form.text();
    expect([form.status, page]).toEqual([200, expect.stringContaining(`action="${phone}/request-otp"`)]);
    const assets = [...page.matchAll(/(?:href|src)="([^"]*otp-assets[^"]*)"/g)].map(([, path]) => path!);
    expect(assets).toHaveLength(3);
    for (const path of assets) expect([path, (await open(path)).status]).toEqual([path, 200]);

    const described = await open(phone, { Accept: 'application/json' });
    const { routes } = (await described.json()) as { routes: { path: string }[] };
    expect(routes.map(({ path }) => path)).toContain(`${phone}/request-otp`);
    const language = await open(assets[0]!.replace(/[^/]+$/, 'language'));
    expect([language.status, language.headers.get('location')]).toEqual([303, `${removed}/`]);

    const anonymous = await open(`${twoFactor}/settings`);
    expect([anonymous.status, anonymous.headers.get('location')]).toEqual([
      303,
      `/sign-in?returnTo=${encodeURIComponent(`${twoFactor}/settings`)}`,
    ]);
    const paths = app!.get(TwoFactorPaths, { strict: false });
    expect([paths.challenge('/'), paths.settings]).toEqual([
      `${twoFactor}?returnTo=%2F`,
      `${twoFactor}/settings`,
    ]);
    const home = await open(admin);
    expect([home.status, home.headers.get('location')]).toEqual([
      303,
      `/sign-in?returnTo=${encodeURIComponent(admin)}`,
    ]);
    expect(app!.get(MountedPaths, { strict: false }).of('admin')).toBe(admin);

    // A double click is noticed wherever the forms are.
    repeats.mockClear();
    for (const path of [`${phone}/cancel-otp`, `${twoFactor}/challenge`, `${admin}/blocks`])
      await submitForm(url + path.slice(removed.length), {});
    expect(repeats).toHaveBeenCalledTimes(3);
  });

  it('every form and link of a signed-in user’s pages too', async () => {
    const url = await start(CASES[3]![1]);
    const headers = { Accept: 'text/html', 'X-Session': 'annas' };
    await sessions.replace({ headers: { 'x-session': 'annas' } } as unknown as Request, {} as Response, anna);
    const settings = await fetch(`${url}/api/v1/mfa/settings`, { headers });
    expect(settings.status).toBe(200);
    const page = await settings.text();
    const targets = [...page.matchAll(/(?:action|href|src)="([^"#]+)"/g)].map(([, path]) => path!);
    expect(targets.length).toBeGreaterThan(5);
    expect(targets.filter((path) => path !== '/' && !path.startsWith('/api/v1/'))).toEqual([]);
  });
});
