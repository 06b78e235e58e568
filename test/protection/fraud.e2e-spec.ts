import { Logger } from '@nestjs/common';
import { Pool } from 'undici';
import { ProtectionWatch, VerificationService } from '../../src/index.js';
import { freshNumber, type TestApplication } from '../support/application.js';
import { cancel, numberOf, ONLY, start, startProtected, tally } from './callers.js';

const CONVERSION = { CONVERSION: '50/10', CONVERSION_CALLERS: '5', CONVERSION_AGE_SECONDS: '0' };

/** `PUMPED_STARTS=10000 npx jest test/protection/fraud` tries more. They come from a tenth as many addresses. */
const STARTS = Number(process.env['PUMPED_STARTS'] ?? 2000);

/** A newcomer from a network of their own. */
const newcomer = (index: number) => ({ from: `10.${index}.0.1`, session: `newcomer-${index}` });

describe('pumping of messages', () => {
  let application: TestApplication;
  afterEach(() => application.close());

  /** What is changed in the database behind the application's back is noticed within a second. */
  const takesEffect = () => new Promise((resolve) => setTimeout(resolve, 1100));
  const messages = () => application.sandbox.ledger().length;
  const watch = () => application.app.get(ProtectionWatch, { strict: false }).runOnce();
  async function verified(phoneNumber: string, index: number) {
    const { body } = await start(application.client, phoneNumber, newcomer(index));
    const fields = { requestId: body['requestId'], otpCode: application.codeFor(phoneNumber) };
    const headers = { Cookie: `otp-caller=${newcomer(index).session.padEnd(22, 'A').slice(0, 22)}` };
    expect((await application.client.json('POST', '/verify-otp', fields, headers)).status).toBe(200);
  }

  it('starts for numbers of one prefix from ever new addresses send no more than the prefix’s cap', async () => {
    application = await startProtected({
      ...ONLY('prefix-limit'),
      PROTECTION: 'enforce',
      RULE_MODES: '',
      CONVERSION: 'off',
    });
    const pool = new Pool(application.url, { connections: 50 });
    const answers: number[] = [];
    const one = async (index: number) => {
      const network = index % (STARTS / 10);
      const from = `10.0.${Math.floor(network / 250)}.${network % 250}`;
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/request-otp',
        headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-Forwarded-For': from },
        body: JSON.stringify({ phoneNumber: numberOf('141556', index) }),
      });
      await body.dump();
      answers.push(statusCode);
    };
    for (let first = 0; first < STARTS; first += 50)
      await Promise.all(Array.from({ length: 50 }, (_, index) => one(first + index)));
    await pool.close();
    expect(messages()).toBe(100);
    expect(new Set(answers)).toEqual(new Set([200, 429]));
    const { rows } = await application.sql.query<{ rule: string; decided: number }>(
      `SELECT rule, count(*)::int AS decided FROM otp_decisions WHERE outcome = 'refused' GROUP BY 1`,
    );
    expect(rows.reduce((sum, { decided }) => sum + decided, 0)).toBe(STARTS - 100);
    // The refused ones have left nothing to count but their record.
    const { rows: buckets } = await application.sql.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM otp_rate_counters WHERE scope = 'number'`,
    );
    expect(buckets[0]!.n).toBeLessThan(600);
  });

  it('a prefix and a country whose codes nobody types in stop by themselves; others go on', async () => {
    application = await startProtected({ ...ONLY('prefix-conversion', 'country-conversion'), ...CONVERSION });
    for (let i = 0; i < 10; i += 1)
      expect((await start(application.client, numberOf('141556', i), newcomer(i))).status).toBe(200);
    for (let i = 0; i < 12; i += 1) await verified(numberOf('141557', i), i);
    const stopped = await watch();
    expect(stopped).toEqual([{ scope: 'prefix', label: '141556', started: 10, verified: 0 }]);
    const refused = await start(application.client, numberOf('141556', 99));
    expect(refused.body).toMatchObject({ status: 403, code: 'destination-not-allowed' });
    expect((await start(application.client, numberOf('141558', 1))).status).toBe(200);

    // A prefix stops before its country does.
    for (let i = 0; i < 10; i += 1) await start(application.client, `+4915112345${600 + i}`, newcomer(i));
    expect((await watch()).map(({ label }) => label)).toEqual(['491511']);
    expect((await start(application.client, '+491701234567')).status).toBe(200);
    expect((await start(application.client, numberOf('141558', 2))).status).toBe(200);
    // Once is enough: nobody stops it again, and by time it is free again.
    expect(await watch()).toEqual([]);
  });

  it('a number that cannot be opened stops no prefix, and keeps none of the others from stopping', async () => {
    application = await startProtected({ ...ONLY('prefix-conversion', 'country-conversion'), ...CONVERSION });
    for (const prefix of ['141556', '141557'])
      for (let i = 0; i < 10; i += 1) await start(application.client, numberOf(prefix, i), newcomer(i));
    const { rows } = await application.sql.query<{ id: string }>(
      `UPDATE otp_verification_requests SET phone_number = 'lost:' || phone_number
        WHERE prefix_fingerprint = (SELECT prefix_fingerprint FROM otp_verification_requests ORDER BY id LIMIT 1)
       RETURNING id`,
    );
    const warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    expect((await watch()).map(({ label }) => label)).toEqual(['141557']);
    await watch();
    const named = warnings.mock.calls.filter(([, message]) => String(message).includes('cannot be opened'));
    warnings.mockRestore();
    expect(named).toEqual([[{ requests: [expect.any(String)], count: 1 }, expect.any(String)]]);
    const [request] = (named[0]![0] as { requests: string[] }).requests;
    expect(rows.map(({ id }) => id)).toContain(request);
  });

  it('fewer starts than the minimum, and young ones, say nothing; a lifted stop is not made again of the same starts', async () => {
    application = await startProtected({ ...ONLY('prefix-conversion', 'country-conversion'), ...CONVERSION });
    for (let i = 0; i < 9; i += 1) await start(application.client, numberOf('141556', i), newcomer(i));
    expect(await watch()).toEqual([]);
    await start(application.client, numberOf('141556', 10), newcomer(10));
    expect((await watch()).map(({ label }) => label)).toEqual(['141556']);
    await application.sql.query('UPDATE otp_destination_stops SET lifted_at = now()');
    await takesEffect();
    expect((await start(application.client, numberOf('141556', 11), newcomer(11))).status).toBe(200);
    expect(await watch()).toEqual([]);
    for (let i = 20; i < 29; i += 1) await start(application.client, numberOf('141556', i), newcomer(i));
    expect((await watch()).map(({ label }) => label)).toEqual(['141556']);
  });

  it('a prefix that stopped before the fingerprint key was replaced stays stopped', async () => {
    application = await startProtected({ ...ONLY('prefix-conversion', 'country-conversion'), ...CONVERSION });
    // Under the older key, the longer one first; the newer key has had a stop that is over.
    await application.sql.query(
      `INSERT INTO otp_destination_stops (scope, key, label, started, verified, stopped_at, until)
       VALUES ('prefix', 'older key', '141556', 10, 0, now(), now() + interval '1 hour'),
              ('prefix', 'newer key', '141556', 10, 0, now(), now() - interval '1 minute')`,
    );
    await takesEffect();
    expect((await start(application.client, numberOf('141556', 1))).body['code']).toBe(
      'destination-not-allowed',
    );
    expect((await start(application.client, numberOf('141557', 1))).status).toBe(200);
  });

  it('a budget is counted in the prices that the provider asks', async () => {
    application = await startProtected({ ...ONLY('budget'), BUDGET_PER_DAY: '1', MESSAGE_PRICES: '*:0.50' });
    expect((await start(application.client, freshNumber())).status).toBe(200);
    await application.sql.query(`UPDATE otp_verification_requests SET price = 0.1, currency = 'EUR'`);
    await watch();
    const answers = [];
    for (let i = 0; i < 8; i += 1) answers.push(await start(application.client, freshNumber()));
    // 0.50 is gone; five more at 0.10.
    expect(tally(answers)).toEqual({ 200: 5, 429: 3 });
    const wait = Number(answers.at(-1)!.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(86_400);
  });

  it('blocked numbers, prefixes, countries and address ranges get nothing, until the block lapses', async () => {
    application = await startProtected({ PROTECTION: 'off' });
    const block = (kind: string, column: string, value: string, expires = 'NULL') =>
      application.sql.query(
        `INSERT INTO otp_block_entries (id, kind, ${column}, label, reason, author, created_at, expires_at)
         VALUES (gen_random_uuid(), $1, $2, 'test', 'test', 'cli:test', now(), ${expires})`,
        [kind, value],
      );
    await block('prefix', 'value', '141556');
    await block('country', 'value', 'FR');
    await block('country', 'value', 'GB', `now() - interval '1 second'`);
    await block('address', 'network', '203.0.113.0/24');
    await block('address', 'network', '2001:db8:7::/48');
    await takesEffect();
    const status = async (phoneNumber: string, from?: string) =>
      (await start(application.client, phoneNumber, from ? { from } : {})).status;
    expect(await status(numberOf('141556', 1))).toBe(403);
    expect(await status('+33612345678')).toBe(403);
    expect(await status('+447400123456')).toBe(200);
    expect(await status(numberOf('141557', 1), '203.0.113.77')).toBe(403);
    expect(await status(numberOf('141557', 1), '::ffff:203.0.113.77')).toBe(403);
    expect(await status(numberOf('141557', 1), '2001:db8:7:ffff::1')).toBe(403);
    expect(await status(numberOf('141557', 1), '2001:db8:8::1')).toBe(200);
    expect(messages()).toBe(2);
  });

  it('what the provider refuses to send is given back, but not the tries of who asked', async () => {
    application = await startProtected({
      ...ONLY('number-limit', 'address-limit', 'prefix-limit', 'budget'),
      LIMIT_PREFIX_PER_DAY: '3',
      LIMIT_ADDRESS: '8/3600',
    });
    await application.fault({ operation: 'start', kind: 'status', status: 422, times: 5 });
    for (let i = 0; i < 5; i += 1)
      expect((await start(application.client, numberOf('141556', i))).status).not.toBe(200);
    // A loop of tries that cost nothing ends by the address.
    const answers = [];
    for (let i = 10; i < 16; i += 1) answers.push(await start(application.client, numberOf('141556', i)));
    expect(tally(answers)).toEqual({ 200: 3, 429: 3 });
    expect(messages()).toBe(3);
  });

  it('an outage of the provider costs nobody a message of theirs', async () => {
    application = await startProtected({ ...ONLY('number-cooldown', 'number-limit', 'session-limit') });
    await application.fault({ operation: 'start', kind: 'status', status: 402, times: 3 });
    const phoneNumber = freshNumber();
    const session = 'unlucky';
    for (let i = 0; i < 3; i += 1)
      expect((await start(application.client, phoneNumber, { session })).status).toBe(503);
    expect((await start(application.client, phoneNumber, { session })).status).toBe(200);
  });

  it('strangers cannot use up what the owner of a confirmed number has', async () => {
    application = await startProtected({
      PROTECTION: 'enforce',
      LIMIT_ADDRESS: '5/3600',
      LIMIT_PREFIX_PER_DAY: '3',
      LIMIT_COUNTRY_PER_DAY: '4',
      BUDGET_PER_DAY: '0.40',
      BUDGET_PER_COUNTRY_PER_DAY: '0.40',
      ...CONVERSION,
      CONVERSION: '50/2',
    });
    const owner = numberOf('141556', 0);
    for (let i = 0; i < 12; i += 1) {
      const answer = await start(application.client, i % 2 ? owner : numberOf('141556', i), {
        from: '203.0.113.1',
      });
      if (answer.status === 200) {
        await application.advanceProvider(31);
        await cancel(application.client, answer);
      }
    }
    await watch();
    expect((await start(application.client, numberOf('141556', 77), { from: '203.0.113.2' })).status).toBe(
      429,
    );
    const service = application.app.get(VerificationService, { strict: false });
    const result = await service.start({
      phoneNumber: owner,
      confirmed: true,
      caller: { userId: 'the owner', address: '203.0.113.1' },
    });
    expect(result.ok).toBe(true);
  });

  it('a rule that only records blocks nothing, and says what it would have done', async () => {
    application = await startProtected({
      PROTECTION: 'record',
      LIMIT_NUMBER: '1/3600',
      NUMBER_COOLDOWN_SECONDS: 'off',
    });
    const phoneNumber = freshNumber();
    for (let i = 0; i < 4; i += 1) {
      const answer = await start(application.client, phoneNumber);
      expect(answer.status).toBe(200);
      await application.advanceProvider(31);
      await cancel(application.client, answer);
    }
    const { rows } = await application.sql.query<{
      outcome: string;
      rule: string | null;
      rules: { rule: string }[];
    }>(`SELECT outcome, rule, rules FROM otp_decisions WHERE action = 'start' ORDER BY at`);
    expect(rows.map(({ outcome, rule }) => [outcome, rule])).toEqual(
      Array.from({ length: 3 }, () => ['would-refuse', 'number-limit']),
    );
    expect(rows.map(({ rules }) => rules.find(({ rule }) => rule === 'number-limit'))).toMatchObject(
      [1, 2, 3].map((used) => ({ outcome: 'refuse', mode: 'record', used, limit: 1 })),
    );
  });

  it('a rule that only records blocks nothing after thousands of messages either', async () => {
    application = await startProtected({ PROTECTION: 'record' });
    expect((await start(application.client, freshNumber())).status).toBe(200);
    // As after 1,000 messages of one address in the hour.
    await application.sql.query(
      `UPDATE otp_rate_counters SET moments = array_fill(now(), ARRAY[1000]) WHERE scope = 'address'`,
    );
    for (let i = 0; i < 2; i += 1) expect((await start(application.client, freshNumber())).status).toBe(200);
    const { rows } = await application.sql.query(
      `SELECT DISTINCT cardinality(moments) AS kept FROM otp_rate_counters WHERE scope = 'address'`,
    );
    expect(rows).toEqual([{ kept: 1000 }]);
  });
});
