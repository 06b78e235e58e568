import type { NestExpressApplication } from '@nestjs/platform-express';
import pg from 'pg';
import {
  type AcceptanceToAllow,
  type Allowance,
  type StartToAllow,
  VerificationService,
} from '../src/index.js';
import { freshNumber, wrongCode } from './support/application.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { someKeys, startSenderHost } from './support/sender-host.js';
import { startTextGateway, type TextGateway, TextGatewaySender } from './support/text-gateway.js';

describe('an application with rules of its own', () => {
  let database: TestDatabase;
  let gateway: TextGateway;
  let app: NestExpressApplication;
  let service: VerificationService;
  let sql: pg.Pool;
  const starts: StartToAllow[] = [];
  const acceptances: AcceptanceToAllow[] = [];
  let startAnswer: () => Allowance | Promise<Allowance> = () => null;
  let acceptAnswer: () => Allowance | Promise<Allowance> = () => null;
  const caller = { sessionId: 'the session', userId: 'anna' };

  beforeAll(async () => {
    database = await createTestDatabase();
    gateway = await startTextGateway();
    sql = new pg.Pool({ connectionString: database.adminUrl, max: 1 });
    app = await startSenderHost(database.url, new TextGatewaySender(gateway.url), {
      keys: someKeys(),
      message: { brand: 'ACME' },
      identifyCaller: () => caller,
      beforeStart: (start) => {
        starts.push(start);
        return startAnswer();
      },
      beforeAccept: async (acceptance) => {
        acceptances.push(acceptance);
        return acceptAnswer();
      },
    });
    service = app.get(VerificationService);
  });
  beforeEach(() => {
    starts.length = 0;
    acceptances.length = 0;
    startAnswer = () => null;
    acceptAnswer = () => null;
  });
  afterAll(async () => {
    await app.close();
    await gateway.close();
    await sql.end();
    await database.drop();
  });

  const post = async (path: string, body: Record<string, string>, accept = 'application/json') => {
    const answer = await fetch((await app.getUrl()) + path, {
      method: 'POST',
      headers: { Accept: accept },
      body: new URLSearchParams(body),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const started = async () => {
    const phoneNumber = freshNumber();
    const start = await service.start({ phoneNumber, caller, purpose: 'payment', context: { amount: 12 } });
    if (!start.ok) throw new Error(start.code);
    const code = gateway.codeFor(phoneNumber);
    return { phoneNumber, code, on: { requestId: start.request.id, caller, purpose: 'payment' } };
  };
  const decisions = async (rule = 'application') =>
    (
      await sql.query<{ action: string; rules: string }>(
        'SELECT action, rules::text FROM otp_decisions WHERE rule = $1 ORDER BY id',
        [rule],
      )
    ).rows;

  it('is asked before a start and before a code is checked, with what it needs to decide', async () => {
    const { phoneNumber, code, on } = await started();
    expect(starts).toEqual([
      {
        phoneNumber,
        country: 'US',
        channel: 'sms',
        purpose: 'payment',
        confirmed: false,
        caller,
        context: { amount: 12 },
      },
    ]);
    expect(await service.check({ ...on, code })).toMatchObject({ ok: true });
    expect(acceptances).toEqual([
      {
        requestId: on.requestId,
        phoneNumber,
        channel: 'sms',
        purpose: 'payment',
        userId: 'anna',
        caller,
        context: { amount: 12 },
      },
    ]);
  });

  it('refuses a start: nothing is sent and nothing is counted, and the record has the reason', async () => {
    const phoneNumber = freshNumber();
    startAnswer = () => ({ refuse: 'sim-changed' });
    const refused = { code: 'refused-by-application', refusal: { refuse: 'sim-changed' } };
    expect(await service.start({ phoneNumber, caller })).toMatchObject({ ok: false, ...refused });
    expect(await service.simulateStart({ phoneNumber, caller })).toMatchObject({
      outcome: 'refused',
      code: 'refused-by-application',
      rule: 'application',
    });
    expect(gateway.to(phoneNumber)).toEqual([]);
    expect((await decisions()).at(-1)).toEqual({
      action: 'start',
      rules: expect.stringContaining('sim-changed') as string,
    });
    startAnswer = () => null;
    expect(await service.start({ phoneNumber, caller })).toMatchObject({ ok: true });
  });

  it('refuses over HTTP with 403 and its reason, on a page with its words', async () => {
    startAnswer = () => ({ refuse: 'sim-changed', messageKey: 'twoFactor.none' });
    const phoneNumber = freshNumber();
    const json = await post('/request-otp', { phoneNumber });
    expect([json.status, JSON.parse(json.text)]).toMatchObject([
      403,
      { code: 'refused-by-application', reason: 'sim-changed' },
    ]);
    const page = await post('/request-otp', { phoneNumber }, 'text/html');
    expect(page.status).toBe(403);
    expect(page.text).toContain(phoneNumber);
    expect(page.text).toContain((JSON.parse(json.text) as { detail: string }).detail);
  });

  it('refuses a code on its page, which still takes it later', async () => {
    const phoneNumber = freshNumber();
    const start = JSON.parse((await post('/request-otp', { phoneNumber })).text) as { requestId: string };
    const typed = { requestId: start.requestId, otpCode: gateway.codeFor(phoneNumber) };
    acceptAnswer = () => ({ refuse: 'account-on-hold' });
    const page = await post('/verify-otp', typed, 'text/html');
    expect(page.status).toBe(403);
    expect(page.text).toContain('You can’t do this right now.');
    expect(page.text).toContain('name="otpCode"');
    acceptAnswer = () => null;
    expect(await post('/verify-otp', typed)).toMatchObject({ status: 200 });
  });

  it('refuses right and wrong codes alike, and neither code nor attempt is spent', async () => {
    const { code, on } = await started();
    acceptAnswer = () => ({ refuse: 'account-on-hold' });
    const answers = [];
    for (const typed of [code, wrongCode(code), wrongCode(code), wrongCode(code), wrongCode(code)])
      answers.push(await service.check({ ...on, code: typed }));
    for (const answer of answers)
      expect(answer).toMatchObject({ ok: false, code: 'refused-by-application', request: { attempts: 0 } });
    expect((await decisions()).at(-1)).toMatchObject({ action: 'check' });
    acceptAnswer = () => null;
    expect(await service.check({ ...on, code })).toMatchObject({ ok: true });
  });

  it('cannot make a code count twice, however long it takes to decide', async () => {
    const { code, on } = await started();
    let decide: () => void = () => undefined;
    const decided = new Promise<null>((resolve) => {
      decide = () => resolve(null);
    });
    acceptAnswer = () => decided;
    const checks = Array.from({ length: 10 }, () => service.check({ ...on, code }));
    acceptAnswer = () => null;
    const quick = await service.check({ ...on, code });
    decide();
    const results = [quick, ...(await Promise.all(checks))];
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('that fails lets nothing through', async () => {
    startAnswer = () => {
      throw new Error('the rules are unavailable');
    };
    const phoneNumber = freshNumber();
    await expect(service.start({ phoneNumber, caller })).rejects.toThrow('the rules are unavailable');
    expect(gateway.to(phoneNumber)).toEqual([]);
    startAnswer = () => null;
    const { code, on } = await started();
    acceptAnswer = () => Promise.reject(new Error('the rules are unavailable'));
    await expect(service.check({ ...on, code })).rejects.toThrow('the rules are unavailable');
    acceptAnswer = () => null;
    expect(await service.check({ ...on, code })).toMatchObject({ ok: true });
  });

  it('is not asked about strangers, requests that are over, and malformed codes', async () => {
    const { code, on } = await started();
    await service.check({ ...on, code: '12' });
    await service.check({ ...on, code, caller: { sessionId: 'another' } });
    await service.check({ ...on, code, purpose: 'another' });
    await service.check({ ...on, code, requestId: 'no-request' });
    await service.cancel(on);
    await service.check({ ...on, code });
    expect(acceptances).toEqual([]);
  });

  it('gets the verified number from the result, and names itself in each message', async () => {
    const phoneNumber = freshNumber();
    const start = await service.start({ phoneNumber, caller, brand: 'Other Shop' });
    if (!start.ok) throw new Error(start.code);
    expect(gateway.to(phoneNumber)[0]!.text).toContain('is your Other Shop code');
    const code = gateway.codeFor(phoneNumber);
    const result = await service.check({ requestId: start.request.id, caller, code });
    expect(result.ok && result.phoneNumber()).toBe(phoneNumber);
    // What is in the row does not look like a number.
    expect(result.ok && result.request).toMatchObject({
      sealedNumber: expect.stringMatching(/^v1:e1:/) as string,
    });
    expect(result.ok && result.request).not.toHaveProperty('phoneNumber');
    for (const brand of ['', 'A name of 19 letters'])
      await expect(service.start({ phoneNumber, caller, brand })).rejects.toThrow(
        'brand must have 1 to 18 characters',
      );
  });

  it('keeps the name of a request in its further messages', async () => {
    const phoneNumber = freshNumber();
    const start = await service.start({ phoneNumber, caller, brand: 'Other Shop' });
    if (!start.ok) throw new Error(start.code);
    await sql.query(
      `UPDATE otp_verification_requests SET resend_available_at = resend_available_at - interval '31 seconds';
       UPDATE otp_code_messages SET created_at = created_at - interval '31 seconds'`,
    );
    expect(await service.resend({ requestId: start.request.id, caller })).toMatchObject({ ok: true });
    expect(gateway.to(phoneNumber).map(({ text }) => /your (.+) code/.exec(text)?.[1])).toEqual([
      'Other Shop',
      'Other Shop',
    ]);
  });
});
