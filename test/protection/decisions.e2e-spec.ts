import { VerificationService } from '../../src/index.js';
import { program } from '../admin/administrator.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from '../support/application.js';

interface Decided {
  action: string;
  outcome: string;
  rule: string | null;
  request_id: string | null;
  rules: { rule: string; outcome: string; mode?: string }[];
}

describe('the record of decisions', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      PROTECTION: 'enforce',
      WRONG_CODES_BEFORE_WAIT: '2',
      LIMIT_ADDRESS: 'off',
    });
  });
  beforeEach(() => application.sql.query('DELETE FROM otp_decisions'));
  afterAll(() => application.close());

  const decisions = async (): Promise<Decided[]> =>
    (await application.sql.query<Decided>('SELECT * FROM otp_decisions ORDER BY at, id')).rows;
  const short = (all: Decided[]) => all.map(({ action, outcome, rule }) => [action, outcome, rule]);
  const check = (requestId: string, otpCode: string, headers: Record<string, string> = {}) =>
    application.client.json('POST', '/verify-otp', { requestId, otpCode }, headers);

  it('has one for everything that was refused, with the one rule that decided', async () => {
    const { client } = application;
    const phoneNumber = freshNumber();
    const { requestId, code } = await application.started(phoneNumber);
    await client.json('POST', '/request-otp', { phoneNumber }); // the same caller again
    await client.json(
      'POST',
      '/request-otp',
      { phoneNumber },
      { Cookie: 'otp-caller=AAAAAAAAAAAAAAAAAAAAAA' },
    );
    await check(requestId, wrongCode(code));
    await check(requestId, wrongCode(code));
    await check(requestId, code); // has to wait
    await check('01890000-0000-7000-8000-000000000000', code);
    await client.json('POST', '/resend-otp', { requestId });
    await application.sql.query('UPDATE otp_number_slots SET wait_until = NULL');
    await check(requestId, code);
    await check(requestId, code);
    await client.json('POST', '/request-otp', { phoneNumber });
    expect(short(await decisions())).toEqual([
      ['start', 'refused', 'live-request'],
      ['check', 'refused', 'wrong-codes'],
      ['resend', 'refused', 'wrong-codes'],
      ['check', 'refused', 'request-state'],
      ['start', 'refused', 'number-cooldown'],
    ]);
    expect((await decisions()).map(({ request_id }) => request_id === requestId)).toEqual(
      [1, 1, 1, 1, 0].map(Boolean),
    );
  });

  it('names every refusal’s deciding rule once: the first in order that refuses and is enforced', async () => {
    const { client } = application;
    const phoneNumber = freshNumber();
    for (let i = 0; i < 4; i += 1) {
      await client.json('POST', '/request-otp', { phoneNumber: i ? phoneNumber : freshNumber() });
      await application.sql.query('UPDATE otp_number_slots SET live_until = NULL, live_request_id = NULL');
    }
    for (const { outcome, rule, rules } of await decisions()) {
      const refusing = rules.filter((each) => each.outcome === 'refuse' && each.mode !== 'record');
      expect(outcome).toBe('refused');
      expect(rule).toBe(refusing[0]!.rule);
      expect(rules.map((each) => each.rule)).toEqual(
        expect.arrayContaining(['country', 'block-list', 'number-limit']),
      );
    }
    expect(await decisions()).toHaveLength(2);
  });

  it('nothing is written for requests that do not exist: anybody could fill it', async () => {
    const { client } = application;
    for (let i = 0; i < 10; i += 1) {
      const requestId = `01890000-0000-7000-8000-00000000000${i}`;
      await check(requestId, '123456');
      await client.json('POST', '/resend-otp', { requestId });
    }
    await check('nonsense', '123456');
    expect(await decisions()).toEqual([]);
  });

  it('holds no user and no address in clear, and is found by both', async () => {
    const service = application.app.get(VerificationService);
    const phoneNumber = freshNumber();
    const caller = { userId: 'user-of-this-test', address: '203.0.113.99' };
    await service.start({ phoneNumber, caller });
    await service.start({ phoneNumber, caller: { ...caller, userId: 'another-user-of-this-test' } });
    const { rows } = await application.sql.query<{ all: string }>(
      'SELECT json_agg(d)::text AS all FROM otp_decisions d',
    );
    for (const trace of ['user-of-this-test', '203.0.113.99']) expect(rows[0]!.all).not.toContain(trace);
    const { get } = await program(application);
    const found = async (query: string) =>
      ((await get(`/admin/decisions?${query}`)).body['items'] as { rule: string; user: string }[]).map(
        ({ rule, user }) => [rule, typeof user],
      );
    const refusal = [['live-request', 'string']];
    expect(await found('user=another-user-of-this-test')).toEqual(refusal);
    expect(await found('address=203.0.113.99')).toEqual(refusal);
    expect(await found('address=203.0.113.98')).toEqual([]);
    expect(await found('user=user-of-this-test')).toEqual([]);
  });

  it('holds no number, no session and no user in clear', async () => {
    const phoneNumber = freshNumber();
    const cookie = 'BBBBBBBBBBBBBBBBBBBBBB';
    await application.client.json(
      'POST',
      '/request-otp',
      { phoneNumber },
      { Cookie: `otp-caller=${cookie}` },
    );
    const { rows } = await application.sql.query<{ all: string }>(
      `SELECT coalesce((SELECT json_agg(d) FROM otp_decisions d)::text, '') || (SELECT json_agg(c) FROM otp_rate_counters c)::text
              || (SELECT json_agg(c) FROM otp_daily_counters c)::text AS all`,
    );
    for (const trace of [phoneNumber.slice(1), phoneNumber.slice(2), phoneNumber.slice(1, 7), cookie])
      expect(rows[0]!.all).not.toContain(trace);
  });

  it('survives what comes at once: as many records as refusals', async () => {
    const calls = await Promise.all(
      Array.from({ length: 100 }, () =>
        application.client.json('POST', '/request-otp', { phoneNumber: freshNumber() }),
      ),
    );
    const all = await decisions();
    expect(all).toHaveLength(calls.filter(({ status }) => status === 429).length);
    expect(all.length).toBeGreaterThan(0);
  });
});
