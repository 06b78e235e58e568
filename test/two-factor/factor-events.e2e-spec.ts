import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Controller, Injectable, Logger, Module, Post, Req, Res } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Request, Response } from 'express';
import {
  EnrolledPhones,
  SkipSecondFactor,
  TWO_FACTOR_EVENTS,
  type TwoFactorEvent,
  twoFactorEntities,
  TwoFactorModule,
  TwoFactorService,
  verificationEntities,
  VerificationModule,
  VerificationService,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { freshNumber } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HeaderSessions } from '../support/header-sessions.js';
import { nestApplication } from '../support/nest-application.js';
import { until } from '../support/until.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;

@Controller()
@SkipSecondFactor()
class SignInController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  @Post('sign-in')
  signIn(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    return this.twoFactor.signIn(request, response, 'anna');
  }
}

@Injectable()
class Subscriber {
  readonly all: TwoFactorEvent[] = [];
  readonly added: TwoFactorEvent[] = [];

  @OnEvent(TWO_FACTOR_EVENTS.any)
  onAny(event: TwoFactorEvent) {
    this.all.push(event);
  }

  @OnEvent(TWO_FACTOR_EVENTS.phoneImported, { suppressErrors: false })
  onImported() {
    throw theirError();
  }

  @OnEvent(TWO_FACTOR_EVENTS.phoneAdded)
  onAdded(event: TwoFactorEvent) {
    this.added.push(event);
    // What a subscriber does wrong is not the user's concern.
    throw new Error('the subscriber is broken');
  }

  @OnEvent('verification.started', { suppressErrors: false })
  onStarted() {
    throw theirError();
  }
}

const ADDRESS = 'anna@example.com';

/** What a mail library throws. */
const theirError = () =>
  Object.assign(new RangeError(`no mail to ${ADDRESS}`), { code: 'EENVELOPE', rejected: [ADDRESS] });

describe('an application that subscribes to what happens to factors', () => {
  let database: TestDatabase;
  let app: NestExpressApplication;
  let url: string;
  let subscriber: Subscriber;
  const provider = new FakeVerificationProvider();
  const logged: unknown[][] = [];
  beforeAll(async () => {
    for (const level of ['warn', 'error'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((...line: unknown[]) => void logged.push(line));
    database = await createTestDatabase();
    @Module({
      imports: [
        EventEmitterModule.forRoot(),
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [...verificationEntities, ...twoFactorEntities],
        }),
        VerificationModule.forRoot({
          provider,
          keys: { encryption: ring('e1'), fingerprint: ring('f1') },
          reconcileEverySeconds: null,
        }),
        TwoFactorModule.forRoot({
          sessions: new HeaderSessions(),
          notifier: {
            notify: () => {
              throw theirError();
            },
          },
        }),
      ],
      controllers: [SignInController],
      providers: [Subscriber],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0);
    url = await app.getUrl();
    subscriber = app.get(Subscriber);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
    jest.restoreAllMocks();
  });

  const post = async (path: string, body: object = {}) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/json',
        'X-Session': 'a session',
        Origin: url,
      },
      body: JSON.stringify(body),
    });
    const read = (await answer.json()) as Record<string, unknown>;
    if (answer.status >= 300) throw new Error(`${path} answered ${JSON.stringify(read)}`);
    return read;
  };

  it('hears of a sign-in, a new phone, a factor that was shown and an import, with nothing secret in it', async () => {
    const phoneNumber = freshNumber();
    await post('/sign-in');
    const { requestId } = await post('/two-factor/phones', { phoneNumber });
    await post('/two-factor/phones/verify', { requestId, otpCode: provider.lastCode(phoneNumber) });
    provider.advance(31);
    await post('/sign-in');
    const [phone] = await app.get(EnrolledPhones).ofUser('anna');
    const challenge = await post('/two-factor/challenge', { phoneId: phone!.id });
    await post('/two-factor/verify', {
      requestId: challenge['requestId'],
      otpCode: provider.lastCode(phoneNumber),
    });
    await app.get(EnrolledPhones).import('berta', freshNumber(), new Date(), { notify: false });

    await until(() => subscriber.all.length >= 5, { what: 'the events' });
    expect(subscriber.all.map(({ type, userId }) => [type, userId])).toEqual([
      ['signed-in', 'anna'],
      ['phone-added', 'anna'],
      ['signed-in', 'anna'],
      ['factor-shown', 'anna'],
      ['phone-imported', 'berta'],
    ]);
    expect(subscriber.all.map(({ level, method }) => level ?? method)).toEqual([
      'first-factor',
      undefined,
      'first-factor',
      'sms',
      undefined,
    ]);
    expect(subscriber.added).toEqual([subscriber.all[1]]);
    for (const event of subscriber.all) {
      expect(event.at).toBeInstanceOf(Date);
      const text = JSON.stringify(event);
      expect(text).not.toContain(phoneNumber.slice(-7));
      for (const { code } of provider.messages) expect(text).not.toContain(`"${code}"`);
      expect(text).not.toContain('a session');
    }
  });

  it('logs what its code throws by kind, cause and place, and never with an address', async () => {
    await post('/sign-in');
    await app.get(VerificationService).start({ phoneNumber: freshNumber(), caller: {} });
    await app.get(EnrolledPhones).import('carl', freshNumber(), new Date());
    const failures = ['notifier failed', 'subscriber failed', 'events not published, will retry'];
    const linesOf = (failure: string) => logged.filter(([, message]) => message === failure);
    await until(() => failures.every((failure) => linesOf(failure).length > 0), { what: 'the failures' });
    for (const failure of failures)
      expect(linesOf(failure)[0]![0]).toMatchObject({
        kind: 'RangeError',
        code: 'EENVELOPE',
        cause: 'the mail server refused the sender or the recipient',
        frames: expect.arrayContaining([expect.stringContaining('theirError')]),
      });
    expect(inspect(logged, { depth: 9 })).not.toContain(ADDRESS);
  });
});
