import { VerificationReconciler } from '../src/index.js';
import { describeProviderContract } from '../src/testing/index.js';
import { freshNumber, wrongCode } from './support/application.js';
import { someKeys, startSenderHost } from './support/sender-host.js';
import { caller, keys, type SendersUnderTest, sendersUnderTest } from './support/senders-under-test.js';
import { TextGatewaySender } from './support/text-gateway.js';

describe('codes of our own, sent with a gateway that only sends texts', () => {
  let t: SendersUnderTest;
  beforeAll(async () => {
    t = await sendersUnderTest();
  });
  afterAll(() => t?.close());

  const started = async () => {
    const phoneNumber = freshNumber();
    const result = await t.first.service.start({ phoneNumber, caller });
    if (!result.ok) throw new Error(`start answered ${result.code}`);
    return { phoneNumber, requestId: result.request.id, code: t.gateway.codeFor(phoneNumber) };
  };

  describeProviderContract('a message sender on Postgres', async () => ({
    provider: t.first.provider,
    freshNumber,
    codeFor: async (phoneNumber) => t.gateway.codeFor(phoneNumber),
    messagesTo: async (phoneNumber) => t.gateway.to(phoneNumber).length,
    advance: t.advance,
  }));

  it('reach a person by text, and are accepted over HTTP', async () => {
    const url = await t.first.app.getUrl();
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
    const code = t.gateway.codeFor(phoneNumber);
    expect(t.gateway.to(phoneNumber)).toEqual([
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
    const { rows } = await t.sql.query<{ row: string }>(
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
        [t.first, t.second][i % 2]!.service.check({ requestId, caller, code }),
      ),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    const again = await t.second.service.check({ requestId, caller, code });
    expect(again).toMatchObject({ ok: false, code: 'already-verified' });
  });

  it('are accepted once by twenty parallel checks of the provider itself', async () => {
    const phoneNumber = freshNumber();
    const request = { phoneNumber, channel: 'sms', codeLength: 6, ttlSeconds: 300 } as const;
    const start = await t.first.provider.start({ ...request, clientReference: 'race' });
    const { providerRequestId } = start as { providerRequestId: string };
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        [t.first, t.second][i % 2]!.provider.check(providerRequestId, t.gateway.codeFor(phoneNumber)),
      ),
    );
    const counted = outcomes.map(({ outcome }) => outcome).sort();
    expect(counted).toEqual([...Array.from({ length: 19 }, () => 'gone'), 'matched']);
  });

  it('are sent once by ten parallel starts on two instances', async () => {
    const phoneNumber = freshNumber();
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        [t.first, t.second][i % 2]!.service.start({ phoneNumber, caller }),
      ),
    );
    expect(new Set(results.map((result) => result.ok && result.request.id)).size).toBe(1);
    expect(t.gateway.to(phoneNumber)).toHaveLength(1);
  });

  it('are accepted while a fingerprint key is being replaced, and their number stays taken', async () => {
    const { phoneNumber, requestId, code } = await started();
    const fingerprint = `${someKeys().fingerprint.replace('f1:', 'f2:')},${keys.fingerprint}`;
    const newer = await t.startInstance({ keys: { ...keys, fingerprint } });
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
    await t.advance(31);
    expect(await t.second.service.resend({ requestId, caller })).toMatchObject({ ok: true });
    expect(t.gateway.to(phoneNumber)).toHaveLength(2);
    const newest = t.gateway.codeFor(phoneNumber);
    if (newest !== code)
      expect(await t.first.service.check({ requestId, caller, code })).toMatchObject({ code: 'wrong-code' });
    expect(await t.first.service.check({ requestId, caller, code: newest })).toMatchObject({ ok: true });
  });

  it('are forgotten an hour after they have expired', async () => {
    await started();
    await t.advance(4000);
    const { requestId, code } = await started();
    await t.second.app.get(VerificationReconciler).runOnce(60);
    const { rows } = await t.sql.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM otp_code_messages',
    );
    expect(rows[0]!.count).toBe(1);
    expect(await t.first.service.check({ requestId, caller, code })).toMatchObject({ ok: true });
  });

  it.each([
    ['none of them', {}],
    ['`vonage` and `sender`', { vonage: { apiKey: 'k', apiSecret: 's', brand: 'ACME' } }],
  ])('need exactly one of vonage, sender and provider, not %s', async (what, given) => {
    const sender = 'vonage' in given ? new TextGatewaySender(t.gateway.url) : undefined;
    await expect(startSenderHost(t.database.url, sender as never, { keys, ...given })).rejects.toThrow(
      `VerificationModule needs one of \`vonage\`, \`sender\` and \`provider\`, not ${what}`,
    );
  });
});
