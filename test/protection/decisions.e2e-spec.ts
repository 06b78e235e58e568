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
  beforeEach(() => application.sql.query('DELETE FROM decisions'));
  afterAll(() => application.close());

  const decisions = async (): Promise<Decided[]> =>
    (await application.sql.query<Decided>('SELECT * FROM decisions ORDER BY at, id')).rows;
  const short = (all: Decided[]) => all.map(({ action, outcome, rule }) => [action, outcome, rule]);
  const check = (requestId: string, otpCode: string, headers: Record<string, string> = {}) =>
    application.client.json('POST', '/verify-otp', { requestId, otpCode }, headers);

  it('has one for every start and every check, with the one rule that decided', async () => {
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
    await application.sql.query('UPDATE phone_guards SET wait_until = NULL');
    await check(requestId, code);
    await check(requestId, code);
    await client.json('POST', '/request-otp', { phoneNumber });
    expect(short(await decisions())).toEqual([
      ['start', 'allowed', null],
      ['start', 'joined', 'live-request'],
      ['start', 'refused', 'live-request'],
      ['check', 'allowed', null],
      ['check', 'allowed', null],
      ['check', 'refused', 'wrong-codes'],
      ['check', 'refused', 'caller'],
      ['resend', 'refused', 'wrong-codes'],
      ['check', 'allowed', null],
      ['check', 'refused', 'request-state'],
      ['start', 'refused', 'number-cooldown'],
    ]);
    expect((await decisions()).map(({ request_id }) => request_id === requestId)).toEqual(
      [1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0].map(Boolean),
    );
  });

  it('names every refusal’s deciding rule once: the first in order that refuses and is enforced', async () => {
    const { client } = application;
    const phoneNumber = freshNumber();
    for (let i = 0; i < 4; i += 1) {
      await client.json('POST', '/request-otp', { phoneNumber: i ? phoneNumber : freshNumber() });
      await application.sql.query('UPDATE phone_guards SET live_until = NULL, live_request_id = NULL');
    }
    for (const { outcome, rule, rules } of await decisions()) {
      const refusing = rules.filter((each) => each.outcome === 'refuse' && each.mode !== 'record');
      expect(rule).toBe(outcome === 'refused' ? refusing[0]!.rule : null);
      expect(rules.map((each) => each.rule)).toEqual(
        expect.arrayContaining(['country', 'block-list', 'number-limit']),
      );
    }
    expect((await decisions()).filter(({ outcome }) => outcome === 'refused')).toHaveLength(2);
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
      'SELECT (SELECT json_agg(d) FROM decisions d)::text || (SELECT json_agg(b) FROM limit_buckets b)::text AS all',
    );
    for (const trace of [phoneNumber.slice(1), phoneNumber.slice(2), phoneNumber.slice(1, 7), cookie])
      expect(rows[0]!.all).not.toContain(trace);
  });

  it('survives what comes at once: as many records as calls', async () => {
    const calls = await Promise.all(
      Array.from({ length: 100 }, () =>
        application.client.json('POST', '/request-otp', { phoneNumber: freshNumber() }),
      ),
    );
    const all = await decisions();
    expect(all).toHaveLength(calls.length);
    expect(all.filter(({ outcome }) => outcome === 'allowed')).toHaveLength(
      calls.filter(({ status }) => status === 200).length,
    );
  });
});
