import type { NestExpressApplication } from '@nestjs/platform-express';
import pg from 'pg';
import { VerificationReconciler, VerificationService } from '../src/index.js';
import { VerificationProvider } from '../src/verification/index.js';
import { describeProviderContract } from '../src/testing/index.js';
import { freshNumber, wrongCode } from './support/application.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { someKeys, startSenderHost } from './support/sender-host.js';
import { startTextGateway, type TextGateway, TextGatewaySender } from './support/text-gateway.js';

describe('codes of our own, sent with a gateway that only sends texts', () => {
  let database: TestDatabase;
  let gateway: TextGateway;
  let sql: pg.Pool;
  const apps: NestExpressApplication[] = [];
  const keys = someKeys();
  const message = { brand: 'ACME', timeoutMs: 1000 };
  const caller = { sessionId: 'the session' };

  beforeAll(async () => {
    database = await createTestDatabase();
    gateway = await startTextGateway();
    sql = new pg.Pool({ connectionString: database.adminUrl, max: 2 });
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await gateway.close();
    await sql.end();
    await database.drop();
  });

  const startInstance = async (options = {}) => {
    const sender = new TextGatewaySender(gateway.url);
    const app = await startSenderHost(database.url, sender, { keys, message, ...options });
    apps.push(app);
    return { app, service: app.get(VerificationService), provider: app.get(VerificationProvider) };
  };
  let first: Awaited<ReturnType<typeof startInstance>>;
  let second: Awaited<ReturnType<typeof startInstance>>;
  beforeAll(async () => {
    [first, second] = await Promise.all([startInstance(), startInstance()]);
  });

  /** Lets time pass for every message and request there is. */
  const advance = async (seconds: number) => {
    await sql.query(
      `UPDATE otp_code_messages SET created_at = created_at - make_interval(secs => $1),
         expires_at = expires_at - make_interval(secs => $1), lease_until = lease_until - make_interval(secs => $1)`,
      [seconds],
    );
    await sql.query(
      `UPDATE otp_verification_requests SET expires_at = expires_at - make_interval(secs => $1),
         send_lease_until = send_lease_until - make_interval(secs => $1),
         lease_until = lease_until - make_interval(secs => $1),
         resend_available_at = resend_available_at - make_interval(secs => $1)`,
      [seconds],
    );
  };
  const reconcile = () => second.app.get(VerificationReconciler).runOnce(0);
  const started = async () => {
    const phoneNumber = freshNumber();
    const result = await first.service.start({ phoneNumber, caller });
    if (!result.ok) throw new Error(`start answered ${result.code}`);
    return { phoneNumber, requestId: result.request.id, code: gateway.codeFor(phoneNumber) };
  };

  describeProviderContract('a message sender on Postgres', async () => ({
    provider: first.provider,
    freshNumber,
    codeFor: async (phoneNumber) => gateway.codeFor(phoneNumber),
    messagesTo: async (phoneNumber) => gateway.to(phoneNumber).length,
    advance,
  }));

  it('reach a person by text, and are accepted over HTTP', async () => {
    const url = await first.app.getUrl();
    const post = async (path: string, body: object) => {
      const answer = await fetch(url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'User-Agent': 'a test' },
        body: JSON.stringify(body),
      });
      return [answer.status, (await answer.json()) as Record<string, unknown>] as const;
    };
    const phoneNumber = freshNumber();
    const [, { requestId }] = await post('/request-otp', { phoneNumber });
    const code = gateway.codeFor(phoneNumber);
    expect(gateway.to(phoneNumber)).toEqual([
      {
        to: phoneNumber,
        text: `${code} is your ACME code. It is valid for 5 minutes. Do not share it with anyone.`,
        idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      },
    ]);
    expect(await post('/verify-otp', { requestId, otpCode: wrongCode(code) })).toMatchObject([
      422,
      { attemptsRemaining: 2 },
    ]);
    expect(await post('/verify-otp', { requestId, otpCode: code })).toMatchObject([
      200,
      { status: 'VERIFIED' },
    ]);
    expect(await post('/verify-otp', { requestId, otpCode: code })).toMatchObject([409, {}]);
  });

  it('are in no column of the database, and neither is the number', async () => {
    const { phoneNumber, code } = await started();
    const { rows } = await sql.query<{ row: string }>(
      'SELECT m::text AS row FROM otp_code_messages m WHERE ended_as IS NULL ORDER BY created_at DESC LIMIT 1',
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.row).not.toContain(phoneNumber.slice(-7));
    // Six digits may occur by chance in a timestamp or an id, but not between separators.
    expect(rows[0]!.row).not.toMatch(new RegExp(`(?<![0-9a-f.:])${code}(?![0-9a-f])`));
  });

  it('are accepted once by twenty parallel checks on two instances', async () => {
    const { requestId, code } = await started();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        [first, second][i % 2]!.service.check({ requestId, caller, code }),
      ),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    const again = await second.service.check({ requestId, caller, code });
    expect(again).toMatchObject({ ok: false, code: 'already-verified' });
  });

  it('are accepted once by twenty parallel checks of the provider itself', async () => {
    const phoneNumber = freshNumber();
    const request = { phoneNumber, channel: 'sms', codeLength: 6, ttlSeconds: 300 } as const;
    const start = await first.provider.start({ ...request, clientReference: 'race' });
    const { providerRequestId } = start as { providerRequestId: string };
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        [first, second][i % 2]!.provider.check(providerRequestId, gateway.codeFor(phoneNumber)),
      ),
    );
    const counted = outcomes.map(({ outcome }) => outcome).sort();
    expect(counted).toEqual([...Array.from({ length: 19 }, () => 'gone'), 'matched']);
  });

  it('are sent once by ten parallel starts on two instances', async () => {
    const phoneNumber = freshNumber();
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) => [first, second][i % 2]!.service.start({ phoneNumber, caller })),
    );
    expect(new Set(results.map((result) => result.ok && result.request.id)).size).toBe(1);
    expect(gateway.to(phoneNumber)).toHaveLength(1);
  });

  it('are accepted while a fingerprint key is being replaced, and their number stays taken', async () => {
    const { phoneNumber, requestId, code } = await started();
    const fingerprint = `${someKeys().fingerprint.replace('f1:', 'f2:')},${keys.fingerprint}`;
    const newer = await startInstance({ keys: { ...keys, fingerprint } });
    expect(
      await newer.provider.start({
        phoneNumber,
        channel: 'sms',
        codeLength: 6,
        ttlSeconds: 300,
        clientReference: 'another',
      }),
    ).toMatchObject({ outcome: 'already-pending' });
    expect(await newer.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
  });

  it('are replaced by a resend, and the old one is dead', async () => {
    const { phoneNumber, requestId, code } = await started();
    await advance(31);
    expect(await second.service.resend({ requestId, caller })).toMatchObject({ ok: true });
    expect(gateway.to(phoneNumber)).toHaveLength(2);
    const newest = gateway.codeFor(phoneNumber);
    if (newest !== code)
      expect(await first.service.check({ requestId, caller, code })).toMatchObject({ code: 'wrong-code' });
    expect(await first.service.check({ requestId, caller, code: newest })).toMatchObject({ ok: true });
  });

  it('are over when the gateway says that the number never gets them', async () => {
    const phoneNumber = freshNumber();
    gateway.nextMood({ status: 422 });
    expect(await first.service.start({ phoneNumber, caller })).toMatchObject({
      ok: false,
      code: 'destination-rejected',
    });
    // The number is free again.
    expect(await first.service.start({ phoneNumber, caller })).toMatchObject({ ok: true });
    expect(gateway.to(phoneNumber)).toHaveLength(1);
  });

  it('wait for a gateway that is busy, and the number is not blocked meanwhile', async () => {
    const phoneNumber = freshNumber();
    gateway.nextMood({ status: 429 });
    expect(await first.service.start({ phoneNumber, caller })).toMatchObject({
      ok: false,
      code: 'provider-unavailable',
      retryAfterSeconds: 7,
    });
    expect(await second.service.start({ phoneNumber, caller })).toMatchObject({ ok: true });
    expect(gateway.to(phoneNumber)).toHaveLength(1);
  });

  it.each([
    ['never answers', 'silent'],
    ['answers nonsense after it sent', { status: 500, sends: true }],
  ] as const)(
    'are sent again with the same text and idempotency key when the gateway %s',
    async (_, mood) => {
      const phoneNumber = freshNumber();
      gateway.nextMood(mood);
      const start = await first.service.start({ phoneNumber, caller });
      expect(start).toMatchObject({ ok: false, code: 'provider-unavailable' });
      expect(await reconcile()).toMatchObject({ recovered: 1 });
      const [lost, retried, ...more] = gateway.to(phoneNumber);
      expect(more).toEqual([]);
      expect(retried).toEqual(lost);
      const requestId = (start as { request: { id: string } }).request.id;
      const code = gateway.codeFor(phoneNumber);
      expect(await first.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
      // The journal says why, and does not repeat an error's message, which may contain the text.
      const { rows } = await sql.query<{ status: string }>(
        `SELECT provider_status AS status FROM otp_verification_events WHERE request_id = $1 AND type = 'send-unknown'`,
        [requestId],
      );
      expect(rows.map(({ status }) => status)).toEqual([
        expect.stringMatching(/^fault unknown-outcome (timeout|threw Error)$/),
      ]);
    },
  );

  it('are not sent without end to a gateway that never answers', async () => {
    const phoneNumber = freshNumber();
    const calls = gateway.calls();
    for (let i = 0; i < 10; i += 1) gateway.nextMood('silent');
    const start = await first.service.start({ phoneNumber, caller });
    for (let round = 0; round < 4; round += 1) await reconcile();
    expect(gateway.calls() - calls).toBe(2);
    expect(gateway.to(phoneNumber)).toHaveLength(2);
    const requestId = (start as { request: { id: string } }).request.id;
    const code = gateway.codeFor(phoneNumber);
    expect(await first.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
    gateway.forgetMoods();
  });

  it('can still be typed while the gateway is down', async () => {
    const protection = { requestsPerSecond: 20, failuresBeforeBreak: 1 };
    const instance = await startInstance({ protection });
    const phoneNumber = freshNumber();
    const start = await instance.service.start({ phoneNumber, caller });
    gateway.nextMood('away');
    await instance.service.start({ phoneNumber: freshNumber(), caller });
    const calls = gateway.calls();
    const refused = await instance.service.start({ phoneNumber: freshNumber(), caller });
    expect(refused).toMatchObject({ ok: false, code: 'provider-unavailable' });
    expect(gateway.calls()).toBe(calls);
    const requestId = (start as { request: { id: string } }).request.id;
    const code = gateway.codeFor(phoneNumber);
    expect(await instance.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
  });

  it('end with the line that phones fill in by themselves', async () => {
    const { service } = await startInstance({
      message: {
        ...message,
        domain: 'shop.example',
      },
    });
    const phoneNumber = freshNumber();
    await service.start({ phoneNumber, caller });
    const code = gateway.codeFor(phoneNumber);
    expect(gateway.to(phoneNumber)[0]!.text.split('\n').at(-1)).toBe(`@shop.example #${code}`);
  });

  it('have the words of the application, if it writes them', async () => {
    const { service } = await startInstance({
      message: {
        ...message,
        locales: ['en', 'de'],
        text: ({ code, brand, locale, minutes }: Record<string, unknown>) =>
          [code, brand, locale, minutes].join('|'),
      },
    });
    const phoneNumber = freshNumber();
    await service.start({ phoneNumber, caller, locale: 'de-AT' });
    expect(gateway.to(phoneNumber)[0]!.text).toMatch(/^\d{6}\|ACME\|de\|5$/);
  });

  it('go by call only if the gateway can call', async () => {
    const phoneNumber = freshNumber();
    const calls = gateway.calls();
    expect(await first.service.start({ phoneNumber, caller, channel: 'voice' })).toMatchObject({
      ok: false,
      code: 'destination-rejected',
    });
    const start = await first.service.start({ phoneNumber, caller });
    const requestId = (start as { request: { id: string } }).request.id;
    await advance(31);
    expect(await first.service.resend({ requestId, caller, channel: 'voice' })).toMatchObject({
      ok: false,
      code: 'destination-rejected',
    });
    expect(gateway.calls() - calls).toBe(1);
    const code = gateway.codeFor(phoneNumber);
    expect(await first.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
    const page = await fetch(`${await first.app.getUrl()}/request-otp`, {
      method: 'POST',
      headers: { 'User-Agent': 'a test' },
      body: new URLSearchParams({ phoneNumber: freshNumber() }),
    });
    const html = await page.text();
    expect(html).toContain('value="sms"');
    expect(html).not.toContain('value="voice"');
  });

  it('are forgotten an hour after they have expired', async () => {
    await started();
    await advance(4000);
    const { requestId, code } = await started();
    await second.app.get(VerificationReconciler).runOnce(60);
    const { rows } = await sql.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM otp_code_messages',
    );
    expect(rows[0]!.count).toBe(1);
    expect(await first.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
  });

  it.each([
    ['none of them', {}],
    ['`vonage` and `sender`', { vonage: { apiKey: 'k', apiSecret: 's', brand: 'ACME' } }],
  ])('need exactly one of vonage, sender and provider, not %s', async (what, given) => {
    const sender = 'vonage' in given ? new TextGatewaySender(gateway.url) : undefined;
    await expect(startSenderHost(database.url, sender as never, { keys, ...given })).rejects.toThrow(
      `VerificationModule needs one of \`vonage\`, \`sender\` and \`provider\`, not ${what}`,
    );
  });
});
