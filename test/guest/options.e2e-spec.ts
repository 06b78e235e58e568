import { randomBytes } from 'node:crypto';
import { type DynamicModule, Injectable, Module, type Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  AdminModule,
  type AdminModuleOptions,
  ExpressSessions,
  Factor,
  JwtSessions,
  ProtectionModule,
  TwoFactorModule,
  type TwoFactorModuleOptions,
  VerificationModule,
  type VerificationModuleOptions,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { nestApplication } from '../support/nest-application.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const keys = { encryption: ring('e1'), fingerprint: ring('f1') };
const provider = new FakeVerificationProvider();
const vonage = { apiKey: 'k', apiSecret: 's', brand: 'ACME' };

/** Options as plain JavaScript gives them. */
const verification = (options: object) => VerificationModule.forRoot(options as VerificationModuleOptions);
const twoFactor = (options: object) => TwoFactorModule.forRoot(options as TwoFactorModuleOptions);
const right = verification({ provider, keys });

class Token extends Factor {
  readonly amr = 'otp';
  constructor(readonly method = 'token') {
    super();
  }
  enrolledBy = async () => [];
}

/** Express that says it is Fastify. */
class AnotherServer extends ExpressAdapter {
  override getType(): string {
    return 'fastify';
  }
}

const MISTAKES: [string, DynamicModule[], string][] = [
  ['no keys', [verification({ provider })], 'VerificationModule: keys is missing. It must be an object'],
  [
    'a key whose environment variable is not set',
    [verification({ provider, keys: { ...keys, encryption: undefined } })],
    'VerificationModule: keys: encryption is missing. It must be "<id>:<32 bytes in base64>"',
  ],
  [
    'credentials whose environment variable is not set',
    [verification({ keys, vonage: { ...vonage, apiKey: undefined } })],
    'VerificationModule: vonage: apiKey is missing. It must be the API key of your Vonage account',
  ],
  [
    'an empty credential',
    [verification({ keys, vonage: { ...vonage, apiSecret: '' } })],
    'VerificationModule: vonage: apiSecret must be the API secret of your Vonage account',
  ],
  [
    'a brand of 40 characters',
    [verification({ keys, vonage: { ...vonage, brand: 'x'.repeat(40) } })],
    'VerificationModule: vonage: brand must be the name that the message shows, 1 to 18 characters',
  ],
  [
    'nobody who sends',
    [verification({ keys })],
    'VerificationModule needs one of `vonage`, `sender` and `provider`, not none of them',
  ],
  [
    'a misspelt option',
    [verification({ keys, provider, polcy: {} })],
    'VerificationModule: there is no option polcy. There are: vonage, sender, message, provider, keys, policy',
  ],
  [
    'a wrong type',
    [verification({ keys, provider, identifyCaller: 'me' })],
    'identifyCaller must be a function',
  ],
  [
    'a throttle whose window no timer can keep',
    [verification({ keys, provider, throttle: { address: { limit: 5, windowSeconds: 2_592_000 } } })],
    'throttle: address must be { limit, windowSeconds }, with a window of at most 24 days',
  ],
  [
    'such a throttle of two-factor sign-in',
    [right, twoFactor({ sessions: new ExpressSessions(), throttle: { session: { limit: 5 } } })],
    'throttle: session must be { limit, windowSeconds }',
  ],
  [
    'no sessions',
    [right, twoFactor({})],
    'TwoFactorModule: sessions is missing. It must be new ExpressSessions()',
  ],
  [
    'sessions that are none',
    [right, twoFactor({ sessions: {} })],
    'TwoFactorModule: sessions must be new Express',
  ],
  [
    'a misspelt option of two-factor sign-in',
    [right, twoFactor({ sessions: new ExpressSessions(), issuers: 'ACME' })],
    'TwoFactorModule: there is no option issuers',
  ],
  [
    'a factor that is a class',
    [right, twoFactor({ sessions: new ExpressSessions(), factors: [Token] })],
    'TwoFactorModule: factors[0] must be a Factor, made with new',
  ],
  [
    'a factor with a misspelt method',
    [right, twoFactor({ sessions: new ExpressSessions(), factors: [new Token(), { enroledBy() {} }] })],
    'TwoFactorModule: factors[1] must be a Factor',
  ],
  [
    'a factor without a name',
    [right, twoFactor({ sessions: new ExpressSessions(), factors: [new Token('')] })],
    'TwoFactorModule: factors[0].method must be a name of its own',
  ],
  [
    'a factor that has the name of one of ours',
    [right, twoFactor({ sessions: new ExpressSessions(), factors: [new Token('totp')] })],
    'TwoFactorModule: factors[0].method must be a name of its own, not sms, totp, passkey, recovery, browser',
  ],
  [
    'two factors of one name',
    [right, twoFactor({ sessions: new ExpressSessions(), factors: [new Token(), new Token()] })],
    'TwoFactorModule: factors has the method token twice',
  ],
  [
    'a misspelt option of passkeys',
    [right, twoFactor({ sessions: new ExpressSessions(), passkeys: { rpid: 'example.com' } })],
    'TwoFactorModule: passkeys: there is no option rpid',
  ],
  [
    'a URL for the domain of passkeys',
    [right, twoFactor({ sessions: new ExpressSessions(), passkeys: { rpId: 'https://example.com' } })],
    'TwoFactorModule: passkeys: rpId must be a host name in lower case, such as example.com',
  ],
  [
    'two of them',
    [right, verification({ provider, keys })],
    'VerificationModule.forRoot() is imported 2 times. Import it once',
  ],
  [
    'no administrators',
    [
      right,
      ProtectionModule.forRoot({}),
      twoFactor({ sessions: new ExpressSessions() }),
      AdminModule.forRoot({} as AdminModuleOptions),
    ],
    'AdminModule: isAdmin is missing. It must be a function',
  ],
  [
    'an unknown mode',
    [right, ProtectionModule.forRoot({ mode: 'on' as never })],
    'ProtectionModule: mode must be off, record, enforce',
  ],
];

describe('a mistake in the options stops the start, with the name of the option and what it should be', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const start = (imports: DynamicModule[], server?: ExpressAdapter) => {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          retryAttempts: 1,
        }),
        ...imports,
      ],
    })
    class HostModule {}
    return nestApplication(HostModule as Type, server);
  };

  it.each(MISTAKES)('%s', async (_name, imports, words) => {
    await expect(start(imports)).rejects.toThrow(words);
  });

  it('a secret for tokens that can be guessed', () => {
    expect(() => new JwtSessions({ secret: 'short' })).toThrow('secret must have at least 32 characters');
    expect(() => new JwtSessions({ secret: undefined as never })).toThrow('secret must have at least 32');
  });

  it.each<[string, DynamicModule[], RegExp | null]>([
    [
      'our routes',
      [verification({ keys, provider })],
      /^VerificationModule works on Express.*runs on fastify/,
    ],
    [
      'our guard',
      [verification({ keys, provider, routes: false }), twoFactor({ sessions: new ExpressSessions() })],
      /^TwoFactorModule works on Express.*runs on fastify/,
    ],
    ['the service alone, which is fine', [verification({ keys, provider, routes: false })], null],
  ])('another server than Express, with %s', async (_name, imports, words) => {
    const app = await start(imports, new AnotherServer());
    if (words) await expect(app.init()).rejects.toThrow(words);
    else await app.init();
    await app.close();
  });

  it('and options from a class of the host are as good as any', async () => {
    @Injectable()
    class Settings {
      createVerificationOptions(): VerificationModuleOptions {
        return { provider, keys };
      }
    }
    const app = await start([VerificationModule.forRootAsync({ useClass: Settings })]);
    await app.init();
    await app.close();
  });
});
