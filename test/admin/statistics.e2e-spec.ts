import { Rollups } from '../../src/admin/index.js';
import { BARS } from '../../src/admin/statistics/histogram.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from '../support/application.js';
import { program, type Program } from './administrator.js';

interface Counts {
  key: string;
  started: number;
  messages: number;
  delivered: number;
  verified: number;
  conversion: number | null;
  medianSeconds: number | null;
  cost: { currency: string; amount: string }[];
}

describe('statistics', () => {
  let application: TestApplication;
  let admin: Program;
  beforeAll(async () => {
    application = await startApplication();
    admin = await program(application, 'statistics:read');
  });
  afterAll(() => application.close());

  const read = async (query = '') => {
    const { body, status, text } = await admin.get(`/admin/statistics?${query}`);
    if (status !== 200) throw new Error(text);
    return {
      groups: body['groups'] as Counts[],
      total: body['total'] as Counts,
      complete: body['isComplete'],
    };
  };
  const verify = async (phoneNumber = freshNumber()) => {
    const { requestId, code } = await application.started(phoneNumber);
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    return requestId;
  };

  it('count what has happened by the moment they are asked for', async () => {
    expect((await read()).total).toMatchObject({
      started: 0,
      verified: 0,
      conversion: null,
      medianSeconds: null,
    });
    for (let i = 0; i < 3; i += 1) await verify();
    await verify('+4915112345678');
    const { requestId, code } = await application.started();
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    const { groups, total } = await read('groupBy=country');
    expect(groups).toMatchObject([
      { key: 'DE', started: 1, messages: 1, delivered: 1, verified: 1, conversion: 1 },
      { key: 'US', started: 4, messages: 4, delivered: 4, verified: 3, conversion: 0.75 },
    ]);
    expect(total).toMatchObject({ started: 5, verified: 4, conversion: 0.8 });
    expect(total.medianSeconds).toBeLessThanOrEqual(1);
    expect((await read('groupBy=channel')).groups).toMatchObject([{ key: 'sms', started: 5 }]);
    expect((await read('groupBy=day')).groups).toHaveLength(1);
    const statuses = (await read('groupBy=provider-status')).groups;
    expect(Object.fromEntries(statuses.map(({ key, started }) => [key, started]))).toEqual({
      'sent: started': 5,
      'matched: matched': 4,
      'mismatched: mismatched': 1,
    });
  });

  it('take in what comes late: a price, an expiry, of hours long over', async () => {
    const id = await verify();
    await application.sql.query(
      `UPDATE otp_verification_requests SET created_at = created_at - interval '5 hours', verified_at = verified_at - interval '5 hours' + interval '42 seconds' WHERE id = $1`,
      [id],
    );
    await read();
    await application.sql.query(
      `UPDATE otp_verification_requests SET price = 0.25, currency = 'EUR' WHERE id = $1`,
      [id],
    );
    await application.sql.query(
      `INSERT INTO otp_verification_events (request_id, number, at, type, to_status, actor) VALUES ($1, 9, now(), 'reported', 'VERIFIED', 'provider')`,
      [id],
    );
    const { groups } = await read('groupBy=hour');
    const late = groups.find(({ cost }) => cost.length > 0)!;
    expect(late).toMatchObject({ started: 1, cost: [{ currency: 'EUR', amount: '0.2500' }] });
    expect(late.medianSeconds).toBeGreaterThan(40);
    expect(late.medianSeconds).toBeLessThan(50);
  });

  it('say the same as a count of all rows, over random history, by every grouping, whenever they are brought up to date', async () => {
    await application.sql.query(`
      DELETE FROM otp_verification_events; DELETE FROM otp_verification_requests;
      DELETE FROM otp_verification_rollups; DELETE FROM otp_provider_status_rollups;
      UPDATE otp_rollup_state SET built_until = NULL, events_until = NULL`);
    const rollups = application.app.get(Rollups, { strict: false });
    for (let round = 0; round < 4; round += 1) {
      await application.sql.query(
        `WITH made AS (
           SELECT now() - random() * interval '9 days' AS at, random() AS chance, random() AS other, gen_random_uuid() AS id FROM generate_series(1, 300)),
         requests AS (
           INSERT INTO otp_verification_requests
             (id, purpose, status, reason, channel, phone_fingerprint, phone_country, phone_last_digits, caller_fingerprint,
              caller_bound, code_length, max_attempts, max_sends, provider, provider_request_id, created_at, expires_at, verified_at, sends, price, currency)
           SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(id::text), 1, 3) || '8' || substr(md5(id::text), 4, 15))::uuid,
                  'p', CASE WHEN chance < 0.6 THEN 'VERIFIED' ELSE 'FAILED' END, CASE WHEN chance > 0.9 THEN 'fraud-blocked' END,
                  CASE WHEN other < 0.8 THEN 'sms' ELSE 'voice' END, '\\x01', (ARRAY['US','GB','DE'])[1 + floor(other * 3)::int], '11', '\\x01',
                  false, 6, 3, 3, 'vonage-v2', CASE WHEN other < 0.95 THEN 'x' END, at, at + interval '5 minutes',
                  CASE WHEN chance < 0.6 THEN at + chance * interval '100 seconds' END, 1 + floor(other * 3)::int,
                  CASE WHEN chance < 0.5 THEN round(other::numeric, 4) END, CASE WHEN chance < 0.5 THEN 'EUR' END
             FROM made RETURNING id)
         INSERT INTO otp_verification_events (request_id, number, at, type, to_status, actor)
         SELECT id, 1, now(), 'started', 'SENDING', 'caller' FROM requests`,
      );
      await rollups.catchUp();
      const from = new Date(Date.now() - 12 * 86_400_000).toISOString();
      const { rows } = await application.sql.query<{
        key: string;
        started: number;
        messages: number;
        delivered: number;
        verified: number;
        cost: string;
      }>(
        `SELECT phone_country AS key, count(*)::int AS started,
                coalesce(sum(sends) FILTER (WHERE provider_request_id IS NOT NULL), 0)::int AS messages,
                (coalesce(sum(sends) FILTER (WHERE provider_request_id IS NOT NULL), 0)
                  - count(*) FILTER (WHERE provider_request_id IS NOT NULL AND reason = 'fraud-blocked'))::int AS delivered,
                count(*) FILTER (WHERE status = 'VERIFIED')::int AS verified, coalesce(sum(price), 0) AS cost
           FROM otp_verification_requests GROUP BY 1 ORDER BY 1`,
      );
      const { groups, total, complete } = await read(`groupBy=country&from=${from}`);
      expect(complete).toBe(true);
      expect(groups).toMatchObject(rows.map((row) => ({ ...row, cost: expect.anything() as unknown })));
      for (const [index, { cost }] of rows.entries())
        expect(Number(groups[index]!.cost[0]!.amount)).toBeCloseTo(Number(cost), 4);
      for (const groupBy of ['day', 'hour', 'channel']) {
        const other = await read(`groupBy=${groupBy}&from=${from}`);
        const { key: _, cost: __, ...counts } = total;
        expect(other.total).toMatchObject(counts);
        expect(other.groups.reduce((sum, { started }) => sum + started, 0)).toBe(total.started);
      }
    }
  });

  it('keep what was counted of requests that are deleted since', async () => {
    const before = (await read('groupBy=country')).total;
    await application.app.get(Rollups, { strict: false }).freezeBefore(new Date());
    await application.sql.query('DELETE FROM otp_verification_requests');
    await application.sql.query(`UPDATE otp_rollup_state SET events_until = now() - interval '30 days'`);
    expect((await read('groupBy=country')).total).toEqual(before);
  });

  it('are a page with charts without a script, whose table has the same numbers', async () => {
    const page = await application.client.html('GET', '/admin/statistics?groupBy=country', undefined, {
      Authorization: `Bearer ${admin.token}`,
    });
    expect(page.status).toBe(200);
    expect(page.text).toContain('<svg');
    expect(page.text).not.toMatch(/style=|<script(?! src)/);
    const { groups } = await read('groupBy=country');
    for (const { key, started, verified } of groups) {
      expect(page.text).toContain(`<title>${key}: ${started} started, ${verified} verified</title>`);
      expect(page.text).toContain(`<th scope="row">${key}</th><td>${started}</td>`);
    }
  });

  it('have a chart of all days, also of those on which nothing began, and name their total so', async () => {
    const query = 'from=2026-01-30T00:00Z&to=2026-02-03T00:00Z';
    await application.sql.query(
      `INSERT INTO otp_verification_rollups (grain, at, country, channel, currency, started, messages, undelivered, verified, seconds, cost)
       SELECT 'day', '2026-02-01T00:00Z', 'FR', 'sms', '', 7, 7, 0, 0, ARRAY_FILL(0, ARRAY[${BARS}]), 0`,
    );
    const page = await application.client.html('GET', `/admin/statistics?${query}`, undefined, {
      Authorization: `Bearer ${admin.token}`,
    });
    const captions = [...page.text.matchAll(/<text class="label"[^>]*>([^<]+)</g)].map(([, label]) => label);
    expect(captions).toEqual(['2026-01-30', '2026-01-31', '2026-02-01', '2026-02-02']);
    const marks = [...page.text.matchAll(/<text x[^>]*>([^<]+)</g)].map(([, mark]) => mark);
    expect(marks).toEqual(['0', '2', '4', '6', '8']);
    expect(page.text.match(/<rect /g)).toHaveLength(1);
    expect(page.text).toContain('<title>2026-02-01: 7 started, 0 verified</title>');
    expect(page.text).not.toContain('(so far)');
    const today = new Date().toISOString().slice(0, 10);
    const now = await application.client.html('GET', '/admin/statistics', undefined, {
      Authorization: `Bearer ${admin.token}`,
    });
    expect(now.text).toContain(`${today} (so far)`);
    expect(page.text).toContain('<th scope="row">Total</th><td>7</td>');
  });

  it('say what is wrong with a range', async () => {
    for (const [query, field] of [
      ['from=x', 'from'],
      ['groupBy=planet', 'groupBy'],
      ['from=2026-02-01T00:00Z&to=2026-01-01T00:00Z', 'to'],
      ['groupBy=hour&from=2020-01-01T00:00Z', 'from'],
    ])
      expect((await admin.get(`/admin/statistics?${query}`)).body).toMatchObject({
        status: 400,
        errors: [{ field }],
      });
  });
});
