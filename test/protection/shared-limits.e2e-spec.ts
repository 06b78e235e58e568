import { ProtectionWatch, VerificationService } from '../../src/index.js';
import { freshNumber, type TestApplication } from '../support/application.js';
import { anotherInstance, numberOf, ONLY, start, startProtected, tally } from './callers.js';

const takenToday = async ({ sql }: TestApplication, scope: string) =>
  Number(
    (
      await sql.query<{ taken: string }>(
        'SELECT coalesce(sum(taken), 0) AS taken FROM otp_daily_counters WHERE scope = $1',
        [scope],
      )
    ).rows[0]!.taken,
  );

describe('limits that everybody shares', () => {
  let application: TestApplication;
  afterEach(() => application.close());

  it('are kept exactly by three instances that each hold a part of them', async () => {
    const settings = { ...ONLY('country-limit'), LIMIT_COUNTRY_PER_DAY: '60' };
    application = await startProtected(settings);
    const others = await Promise.all([
      anotherInstance(application, settings),
      anotherInstance(application, settings),
    ]);
    try {
      const clients = [application.client, ...others.map(({ client }) => client)];
      const answers = await Promise.all(
        Array.from({ length: 90 }, (_, i) => start(clients[i % 3]!, freshNumber())),
      );
      expect(tally(answers)).toEqual({ 200: 60, 429: 30 });
      expect(application.sandbox.ledger()).toHaveLength(60);
      expect(await takenToday(application, 'country')).toBe(60);
    } finally {
      await Promise.all(others.map(({ close }) => close()));
    }
  });

  it('an instance that stops returns what it has not used', async () => {
    const settings = { ...ONLY('country-limit'), LIMIT_COUNTRY_PER_DAY: '1000' };
    application = await startProtected(settings);
    const other = await anotherInstance(application, settings);
    for (let i = 0; i < 3; i += 1) expect((await start(other.client, freshNumber())).status).toBe(200);
    // It holds a fiftieth in advance.
    expect(await takenToday(application, 'country')).toBeGreaterThan(3);
    expect(await takenToday(application, 'country')).toBeLessThanOrEqual(1000 / 50);
    await other.close();
    expect(await takenToday(application, 'country')).toBe(3);
  });

  it('leave each user three messages a day for their own factors, whatever others have used up', async () => {
    application = await startProtected({
      ...ONLY('budget', 'country-budget'),
      BUDGET_PER_DAY: '0.80',
      BUDGET_PER_COUNTRY_PER_DAY: '0.80',
      MESSAGE_PRICES: '*:0.08',
    });
    const service = application.app.get(VerificationService);
    const signIn = (userId: string) =>
      service.start({ phoneNumber: freshNumber(), confirmed: true, caller: { userId } });
    const codes = async (userId: string, messages: number) => {
      const results: string[] = [];
      for (let i = 0; i < messages; i += 1) {
        const result = await signIn(userId);
        results.push(result.ok ? 'sent' : result.code);
      }
      return results;
    };
    // Nine messages beyond their reserves: the budget of ten has one left.
    for (const attacker of ['mallory', 'trudy', 'eve']) {
      expect(await codes(attacker, 6)).toEqual(Array.from({ length: 6 }, () => 'sent'));
    }
    expect(await codes('mallory', 2)).toEqual(['sent', 'rate-limited']);
    expect(await codes('alice', 4)).toEqual(['sent', 'sent', 'sent', 'rate-limited']);
  });
});

describe('a destination does not stop because of a few callers', () => {
  let application: TestApplication;
  afterEach(() => application.close());
  const watch = () => application.app.get(ProtectionWatch, { strict: false }).runOnce();

  it('40 unanswered starts from two addresses close nothing for a newcomer', async () => {
    application = await startProtected({
      ...ONLY('prefix-conversion', 'country-conversion'),
      CONVERSION_AGE_SECONDS: '0',
    });
    for (let i = 0; i < 40; i += 1) {
      const from = `203.0.113.${1 + (i % 2)}`;
      await start(application.client, numberOf('141556', i), { from, session: `stranger-${i}` });
    }
    expect(await watch()).toEqual([]);
    expect((await start(application.client, numberOf('141556', 77), { from: '198.51.100.7' })).status).toBe(
      200,
    );
  });

  it('a stop leaves signed-in users alone, and ends as soon as the share recovers', async () => {
    application = await startProtected({
      ...ONLY('prefix-conversion', 'country-conversion'),
      CONVERSION: '50/4',
      CONVERSION_CALLERS: '3',
      CONVERSION_AGE_SECONDS: '0',
    });
    const requests = [];
    for (let i = 0; i < 4; i += 1) {
      const phoneNumber = numberOf('141556', i);
      const session = `newcomer-${i}`.padEnd(22, 'A');
      const { body } = await start(application.client, phoneNumber, { from: `10.${i}.0.1`, session });
      requests.push({ phoneNumber, session, requestId: body['requestId'] });
    }
    expect((await watch()).map(({ label }) => label)).toEqual(['141556']);
    const stranger = () =>
      start(application.client, numberOf('141556', 50), { from: '198.51.100.8', session: 'another' });
    expect((await stranger()).status).toBe(403);
    const service = application.app.get(VerificationService);
    const enrolment = { phoneNumber: numberOf('141556', 60), caller: { userId: 'alice', sessionId: 's' } };
    expect(await service.start(enrolment)).toMatchObject({ ok: true });
    // Signed-in users type their codes in. That says nothing about the strangers.
    await application.sql.query(
      `INSERT INTO otp_verification_requests (id, purpose, status, channel, phone_fingerprint, prefix_fingerprint, phone_country,
         phone_last_digits, user_id, caller_fingerprint, caller_bound, code_length, max_attempts, max_sends, provider,
         provider_request_id, created_at, expires_at, verified_at, events)
       SELECT gen_random_uuid(), purpose, 'VERIFIED', channel, phone_fingerprint, prefix_fingerprint, phone_country,
              phone_last_digits, 'user ' || i, '', false, 6, 3, 3, provider, 'p' || i, now(), now(), now(), 0
         FROM otp_verification_requests, generate_series(1, 20) AS i WHERE user_id = 'alice'`,
    );
    await watch();
    expect((await stranger()).status).toBe(403);

    for (const { phoneNumber, session, requestId } of requests.slice(0, 3)) {
      const fields = { requestId, otpCode: application.codeFor(phoneNumber) };
      const headers = { Cookie: `otp-caller=${session}` };
      expect((await application.client.json('POST', '/verify-otp', fields, headers)).status).toBe(200);
    }
    await watch();
    expect((await stranger()).status).toBe(200);
  });
});
