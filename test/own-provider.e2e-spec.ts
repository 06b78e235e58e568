import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  VerificationModule,
  type VerificationModuleOptions,
  VerificationReconciler,
  VerificationService,
} from '../src/index.js';
import { FakeVerificationProvider } from '../src/testing/index.js';
import { freshNumber } from './support/application.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { nestApplication } from './support/nest-application.js';
import { someKeys } from './support/sender-host.js';

/** As the cookie names it. */
const caller = { sessionId: 'a'.repeat(22) };

describe('an application with a provider of its own', () => {
  const keys = someKeys();
  const apps: NestExpressApplication[] = [];
  let database: TestDatabase;
  let provider: FakeVerificationProvider;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(() => {
    provider = new FakeVerificationProvider();
  });
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));
  afterAll(() => database.drop());

  const startInstance = async (policy: VerificationModuleOptions['policy'] = {}) => {
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, retryAttempts: 1 }),
        VerificationModule.forRoot({
          provider,
          keys,
          reconcileEverySeconds: null,
          sealJournalEverySeconds: null,
          policy: { resendCooldownSeconds: 0, ...policy },
        }),
      ],
    })
    class HostModule {}
    const app = await nestApplication(HostModule);
    await app.listen(0, '127.0.0.1');
    apps.push(app);
    const service = app.get(VerificationService);
    const started = async (phoneNumber: string) => {
      const start = await service.start({ phoneNumber, caller });
      if (!start.ok) throw new Error(start.code);
      return start.request.id;
    };
    const reconcile = () => app.get(VerificationReconciler).runOnce(0);
    return { service, started, reconcile, url: await app.getUrl() };
  };

  it('sends one message when the provider throws after it has sent', async () => {
    const { service } = await startInstance();
    const phoneNumber = freshNumber();
    const send = provider.start.bind(provider);
    jest.spyOn(provider, 'start').mockImplementationOnce(async (request) => {
      await send(request);
      throw new Error('socket hang up');
    });
    expect(await service.start({ phoneNumber, caller })).toMatchObject({ code: 'provider-unavailable' });
    expect(await service.start({ phoneNumber, caller })).toMatchObject({ ok: true });
    expect(provider.messages).toHaveLength(1);
  });

  it('gives no attempt back when the provider throws after it has judged', async () => {
    const { service, started } = await startInstance();
    const requestId = await started(freshNumber());
    jest.spyOn(provider, 'check').mockRejectedValueOnce(new Error('socket hang up'));
    const check = await service.check({ requestId, caller, code: '123456' });
    expect(check).toMatchObject({ code: 'provider-unavailable', request: { attempts: 1 } });
  });

  it.each([NaN, Infinity, -1, 1_000_000])(
    'sends a new code a minute after the provider asked for %d s at the latest',
    async (retryAfterSeconds) => {
      const { service, started } = await startInstance();
      const requestId = await started(freshNumber());
      provider.answerNext('next', {
        outcome: 'fault',
        fault: 'unavailable',
        detail: 'http 503',
        retryAfterSeconds,
      });
      const refused = await service.resend({ requestId, caller });
      expect(refused).toMatchObject({ ok: false, code: 'provider-unavailable' });
      const { resendAvailableAt, readAt } = refused.request!;
      expect(resendAvailableAt!.getTime() - readAt.getTime()).toBeLessThanOrEqual(60_000);
    },
  );

  it.each([
    { amount: '0.05 EUR', currency: 'EUR' },
    { amount: '1000000000', currency: 'EUR' },
    { amount: '0.05', currency: '\u0000' },
  ])('accepts a right code although its price cannot be read: $amount', async (cost) => {
    const { service, started } = await startInstance();
    const requestId = await started(freshNumber());
    provider.answerNext('check', { outcome: 'matched', cost });
    const check = await service.check({ requestId, caller, code: '123456' });
    expect(check).toMatchObject({ ok: true, request: { status: 'VERIFIED' } });
  });

  it.each([
    [6, 8],
    [8, 6],
  ])('accepts a code of %i digits after the length was changed to %i', async (before, after) => {
    const phoneNumber = freshNumber();
    const requestId = await (await startInstance({ codeLength: before })).started(phoneNumber);
    const { service, url } = await startInstance({ codeLength: after });
    const code = provider.lastCode(phoneNumber);
    const page = await fetch(`${url}/verifications/${requestId}`, {
      headers: { Accept: 'text/html', Cookie: `otp-caller=${caller.sessionId}` },
    });
    expect(await page.text()).toContain(`${before}-digit`);
    const malformed = await service.check({ requestId, caller, code: code.slice(1) });
    expect(malformed).toMatchObject({ code: 'invalid-input', codeDefect: 'too-short' });
    expect(await service.check({ requestId, caller, code })).toMatchObject({ ok: true });
  });

  it('sends a further code in the language of the first, when the number is not typed again', async () => {
    const { url } = await startInstance();
    const phoneNumber = freshNumber();
    const post = async (path: string, body: object) => {
      const headers = { 'Content-Type': 'application/json', Cookie: `otp-caller=${'a'.repeat(22)}` };
      const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await answer.json()) as { requestId: string };
    };
    const { requestId } = await post('/request-otp', { phoneNumber, locale: 'de' });
    await post('/cancel-otp', { requestId });
    provider.advance(600);
    await post('/request-otp', { requestId });
    expect(provider.messages.map(({ locale }) => locale)).toEqual(['de-de', 'de-de']);
  });

  it('sends a further code that works when the provider is slow, and another instance looks for lost messages', async () => {
    const policy = { providerTimeoutSeconds: 1 };
    const [{ service, started }, other] = [await startInstance(policy), await startInstance(policy)];
    const phoneNumber = freshNumber();
    const requestId = await started(phoneNumber);
    provider.advance(31);
    // Two calls of 2.5 s: longer than the lease of one call, which is 4 s.
    const [next, cancel] = [provider.next.bind(provider), provider.cancel.bind(provider)];
    jest.spyOn(provider, 'next').mockImplementation((id) => sleep(2500).then(() => next(id)));
    jest.spyOn(provider, 'cancel').mockImplementation((id) => sleep(2500).then(() => cancel(id)));
    const resent = service.resend({ requestId, caller });
    await sleep(4300);
    await other.reconcile();
    expect(await resent).toMatchObject({ ok: true });
    expect(provider.messages).toHaveLength(2);
    const code = provider.lastCode(phoneNumber);
    expect(await service.check({ requestId, caller, code })).toMatchObject({ ok: true });
  });
});
