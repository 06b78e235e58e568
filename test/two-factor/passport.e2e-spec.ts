import { Controller, HttpCode, Injectable, Module, Post, Req, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import {
  Problem,
  type SmsOtpChallenge,
  type SmsOtpInfo,
  SmsOtpStrategy,
  VerificationService,
} from '../../src/index.js';
import { FakeVerificationProvider } from '../../src/testing/index.js';
import { freshNumber, wrongCode } from '../support/application.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { nestApplication } from '../support/nest-application.js';
import { newUser, post, type User, users, verificationModules } from '../support/passport-host.js';

describe('the sms-otp strategy behind Nest’s AuthGuard', () => {
  /** How often the host has changed a user's factors. */
  const epochs = new Map<string, number>();

  /** Registers itself with Passport. */
  @Injectable()
  class SmsOtp extends PassportStrategy(SmsOtpStrategy<User>, 'sms-otp') {
    constructor(verifications: VerificationService) {
      super({
        verifications,
        // Stands for the host's own first factor.
        user: (request) => users.get(request.get('x-first-factor') ?? ''),
        phoneNumberOf: ({ phoneNumber }) => phoneNumber,
        epochOf: ({ id }) => epochs.get(id) ?? 0,
        sessionOf: (request) => request.get('x-session'),
      });
    }

    validate(user: User, { requestId }: SmsOtpInfo) {
      return user.id === 'nobody-any-more' ? null : { ...user, requestId };
    }
  }

  /** Says why, where the plain guard only says 401. */
  @Injectable()
  class SmsOtpGuard extends AuthGuard('sms-otp') {
    override handleRequest<Found>(
      error: unknown,
      user: Found,
      challenge: unknown,
      _context: unknown,
      status?: number,
    ): Found {
      if (error) throw error as Error;
      if (user) return user;
      const { code, phoneNumber, ...details } = challenge as SmsOtpChallenge;
      throw new Problem(code, status ?? 401, { ...details, members: phoneNumber ? { phoneNumber } : {} });
    }
  }

  @Controller()
  class SignInController {
    @Post('plain')
    @HttpCode(200)
    @UseGuards(AuthGuard('sms-otp'))
    plain(@Req() { user }: { user: unknown }) {
      return user;
    }

    @Post('second-factor')
    @HttpCode(200)
    @UseGuards(SmsOtpGuard)
    secondFactor(@Req() { user }: { user: unknown }) {
      return user;
    }
  }

  let database: TestDatabase;
  let provider: FakeVerificationProvider;
  let app: NestExpressApplication;
  let url: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    provider = new FakeVerificationProvider();
    @Module({
      imports: [PassportModule, ...verificationModules(database, provider)],
      providers: [SmsOtp],
      controllers: [SignInController],
    })
    class HostModule {}
    app = await nestApplication(HostModule);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const as = (user: User | null, body: object, path = '/second-factor') =>
    post(url + path, body, user ? { 'X-First-Factor': user.id } : {});
  const challenged = async (user: User) => {
    const { body } = await as(user, {});
    return { requestId: String(body['requestId']), code: provider.lastCode(user.phoneNumber!) };
  };

  it('without a code it sends one to the user’s phone, and says where to', async () => {
    const user = newUser();
    const answer = await as(user, {});
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({
      code: 'code-sent',
      requestId: expect.any(String),
      phoneNumber: `+1 ••• ••• ••${user.phoneNumber!.slice(-2)}`,
    });
    expect(provider.messages.filter(({ to }) => to === user.phoneNumber)).toHaveLength(1);
  });

  it('asked twice it sends once', async () => {
    const user = newUser();
    const [first, second] = [await challenged(user), await challenged(user)];
    expect(second).toEqual(first);
    expect(provider.messages.filter(({ to }) => to === user.phoneNumber)).toHaveLength(1);
  });

  it('the right code lets the user in, once', async () => {
    const user = newUser();
    const { requestId, code: otpCode } = await challenged(user);
    const answer = await as(user, { requestId, otpCode });
    expect([answer.status, answer.body]).toEqual([200, { ...user, requestId }]);
    const again = await as(user, { requestId, otpCode });
    expect([again.status, again.body['code']]).toEqual([409, 'already-verified']);
  });

  it('a wrong code says how many tries are left, and the last one that there are none', async () => {
    const user = newUser();
    const { requestId, code } = await challenged(user);
    const wrong = { requestId, otpCode: wrongCode(code) };
    const answers = [await as(user, wrong), await as(user, wrong), await as(user, wrong)];
    expect(answers.map(({ status, body }) => [status, body['code'], body['attemptsRemaining']])).toEqual([
      [422, 'wrong-code', 2],
      [422, 'wrong-code', 1],
      [410, 'attempts-exhausted', undefined],
    ]);
    expect(answers.every(({ body }) => body['requestId'] === requestId)).toBe(true);
    expect((await as(user, { requestId, otpCode: code })).body['code']).toBe('attempts-exhausted');
  });

  it('an expired code says so', async () => {
    const user = newUser();
    const { requestId, code: otpCode } = await challenged(user);
    const sql = app.get(DataSource);
    await sql.query('UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1', [requestId]);
    const answer = await as(user, { requestId, otpCode });
    expect([answer.status, answer.body['code']]).toEqual([410, 'expired']);
  });

  it('the code of somebody else, of another purpose or of no request lets nobody in', async () => {
    const owner = newUser();
    const { requestId, code: otpCode } = await challenged(owner);
    expect((await as(newUser(), { requestId, otpCode })).body['code']).toBe('unknown-request');
    expect((await as(owner, { requestId: 'no-id', otpCode })).body['code']).toBe('unknown-request');
    const other = newUser();
    const started = await app
      .get(VerificationService)
      .start({ phoneNumber: other.phoneNumber!, purpose: 'something-else', caller: { userId: other.id } });
    if (!started.ok) throw new Error(started.code);
    const body = { requestId: started.request.id, otpCode: provider.lastCode(other.phoneNumber!) };
    expect((await as(other, body)).body['code']).toBe('unknown-request');
    expect((await as(owner, { requestId, otpCode })).status).toBe(200);
  });

  it.each([[{ otpCode: '' }], [{ otpCode: ['123456'] }], [{ otpCode: {} }], [{ otpCode: '12' }]])(
    '%j is no code, sends nothing and spends no try',
    async (body) => {
      const user = newUser();
      const { requestId, code } = await challenged(user);
      const answer = await as(user, { requestId, ...body });
      expect([answer.status, answer.body['code']]).toEqual([400, 'invalid-input']);
      expect(provider.messages.filter(({ to }) => to === user.phoneNumber)).toHaveLength(1);
      expect((await as(user, { requestId, otpCode: code })).status).toBe(200);
    },
  );

  it('a code that went to a number the user has no more lets nobody in', async () => {
    const user = newUser();
    const { requestId, code: otpCode } = await challenged(user);
    user.phoneNumber = freshNumber();
    const answer = await as(user, { requestId, otpCode });
    expect([answer.status, answer.body['code']]).toEqual([410, 'cancelled']);
    const own = await challenged(user);
    expect((await as(user, { requestId: own.requestId, otpCode: own.code })).status).toBe(200);
  });

  it('a code asked for before the factors changed lets nobody in, and the next one is new', async () => {
    const user = newUser();
    const { requestId, code: otpCode } = await challenged(user);
    epochs.set(user.id, 1);
    const answer = await as(user, { requestId, otpCode });
    expect([answer.status, answer.body['code']]).toEqual([410, 'cancelled']);
    await app.get(DataSource).query('UPDATE otp_verification_requests SET resend_available_at = now()');
    const next = await challenged(user);
    expect(next.requestId).not.toBe(requestId);
    expect((await as(user, { requestId: next.requestId, otpCode: next.code })).status).toBe(200);
  });

  it('a code is typed in the session that asked for it', async () => {
    const user = newUser();
    const inSession = (session: string, body: object) =>
      post(`${url}/second-factor`, body, { 'X-First-Factor': user.id, 'X-Session': session });
    const { body } = await inSession('one', {});
    const shown = { requestId: body['requestId'], otpCode: provider.lastCode(user.phoneNumber!) };
    const elsewhere = await inSession('two', shown);
    expect([elsewhere.status, elsewhere.body['code']]).toEqual([409, 'requested-elsewhere']);
    expect((await inSession('one', shown)).status).toBe(200);
  });

  it('nobody without a first factor, and nobody without a phone', async () => {
    expect(await as(null, {})).toMatchObject({ status: 401, body: { code: 'sign-in-required' } });
    expect(await as(newUser(null), {})).toMatchObject({ status: 404, body: { code: 'unknown-factor' } });
  });

  it('the host’s validate has the last word', async () => {
    const gone = { id: 'nobody-any-more', phoneNumber: freshNumber() };
    users.set(gone.id, gone);
    const { requestId, code: otpCode } = await challenged(gone);
    const answer = await as(gone, { requestId, otpCode });
    expect([answer.status, answer.body['code']]).toEqual([401, 'sign-in-required']);
  });

  it('a provider that is away is an error, not a refusal', async () => {
    provider.answerNext('start', { outcome: 'fault', fault: 'unavailable', detail: 'http 503' });
    const answer = await as(newUser(), {});
    expect([answer.status, answer.body['code']]).toEqual([503, 'provider-unavailable']);
  });

  it('the plain guard lets in and keeps out', async () => {
    const user = newUser();
    const { requestId, code: otpCode } = await challenged(user);
    expect((await as(user, { requestId, otpCode: wrongCode(otpCode) }, '/plain')).status).toBe(401);
    expect((await as(user, { requestId, otpCode }, '/plain')).body).toMatchObject({ id: user.id });
  });
});
