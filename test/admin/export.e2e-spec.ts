import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { HistoryRepository } from '../../src/admin/history/history.repository.js';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { until } from '../support/until.js';
import { administrator, program, type Program } from './administrator.js';

const WHY = 'for the yearly report';
/** Reading an answer as text takes the byte order mark away. */
const HEAD = /^requestId,createdAt,status,/;

describe('the export', () => {
  let application: TestApplication;
  let admin: Program;
  beforeAll(async () => {
    application = await startApplication({ TRUST_PROXY: 'loopback' });
    admin = await program(application, 'history:export', 'history:read', 'audit:read');
  });
  afterAll(() => application.close());

  const take = (query: Record<string, string> = {}) =>
    admin.post('/admin/verifications.csv', { why: WHY, ...query });
  const lines = (text: string) => text.trimEnd().split('\r\n').slice(1);

  /** Requests of the past, one a second, made in the database. */
  const seeded = (count: number) =>
    application.sql.query(
      `INSERT INTO otp_verification_requests
         (id, purpose, status, channel, phone_fingerprint, phone_country, phone_last_digits, caller_fingerprint,
          caller_bound, code_length, max_attempts, max_sends, provider, created_at, expires_at, caller_agent)
       SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8' || lpad(to_hex(i), 15, '0'))::uuid,
              'seeded', 'EXPIRED', 'sms', '\\x01', 'US', '11', '\\x01', false, 6, 3, 3, 'vonage-v2', at, at, repeat('x', 200)
         FROM generate_series(1, $1::int) i, LATERAL (SELECT now() - interval '30 days' + i * interval '1 second' AS at) t`,
      [count],
    );
  const raw = async (body: object): Promise<IncomingMessage> => {
    const request = http.request(`${application.url}/admin/verifications.csv`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin.token}`, 'Content-Type': 'application/json' },
    });
    request.end(JSON.stringify(body));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  };

  it('holds what the history shows under the same filters, and no number', async () => {
    const phoneNumbers = [freshNumber(), freshNumber(), '+4915112345678'];
    for (const phoneNumber of phoneNumbers) await application.started(phoneNumber);
    const all = await take();
    expect(all.status).toBe(200);
    expect(all.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(all.headers.get('content-disposition')).toMatch(
      /^attachment; filename="verifications-\d{4}-\d\d-\d\d\.csv"$/,
    );
    expect(all.headers.get('cache-control')).toBe('no-store');
    expect(all.text).toMatch(HEAD);
    for (const phoneNumber of phoneNumbers) expect(all.text).not.toContain(phoneNumber.slice(3));
    const filters: Record<string, string>[] = [
      {},
      { country: 'DE' },
      { status: 'PENDING' },
      { status: 'FAILED' },
      { number: phoneNumbers[0]! },
    ];
    for (const query of filters) {
      const { body } = await admin.get(`/admin/verifications?${new URLSearchParams(query)}`);
      const shown = (body['items'] as { requestId: string }[]).map(({ requestId }) => requestId);
      expect(lines((await take(query)).text).map((line) => line.split(',')[0])).toEqual(shown);
    }
  });

  it('lets no spreadsheet run what a caller has written', async () => {
    const { requestId } = await application.started();
    await application.sql.query(
      `UPDATE otp_verification_requests SET caller_agent = $2, purpose = $3, user_id = $4 WHERE id = $1`,
      [requestId, `=HYPERLINK("https://evil.example","x")`, `@SUM(1;2)`, `+cmd|' /C calc'!A0`],
    );
    const [line] = lines((await take({ requestId })).text);
    expect(line).toContain(`,'@SUM(1;2),`);
    expect(line).toContain(`,'+cmd|' /C calc'!A0,`);
    expect(line).toContain(`,"'=HYPERLINK(""https://evil.example"",""x"")",`);
  });

  it('is in the audit before it begins, without the number, and with its reason only', async () => {
    const phoneNumber = freshNumber();
    await take({ number: phoneNumber, country: 'US' });
    const { body } = await admin.get('/admin/audit?action=history.exported');
    const [entry] = body['items'] as Record<string, unknown>[];
    expect(entry).toMatchObject({
      actor: `token:${admin.id}`,
      reason: WHY,
      details: { number: 'given', country: 'US' },
    });
    const count = async () =>
      (await application.sql.query(`SELECT 1 FROM otp_admin_audit WHERE action = 'history.exported'`))
        .rowCount;
    const before = await count();
    for (const [query, field] of [
      [{}, 'why'],
      [{ why: 'x' }, 'why'],
      [{ why: 'be\u202ecause' }, 'why'],
      [{ why: 'because', from: 'yesterday' }, 'from'],
      [{ why: 'because', from: '-004714-01-01T00:00Z' }, 'from'],
      [{ why: 'because', to: '+010000-01-01T00:00Z' }, 'to'],
      [{ why: 'because', user: 'a\0b' }, 'user'],
      [{ why: 'because', number: '12' }, 'number'],
    ] as const) {
      const answer = await admin.post('/admin/verifications.csv', query);
      expect(answer.body).toMatchObject({ status: 400, errors: [{ field }] });
      expect(answer.headers.get('content-disposition')).toBeNull();
    }
    for (const method of ['GET', 'HEAD']) {
      const answer = await application.client.json(
        method,
        '/admin/verifications.csv?why=because',
        undefined,
        {
          Authorization: `Bearer ${admin.token}`,
        },
      );
      expect([method, answer.status]).toEqual([method, 404]);
    }
    expect(await count()).toBe(before);
  });

  it('is for its own scope, and for administrators in a browser', async () => {
    const reader = await program(application, 'history:read');
    expect((await reader.post('/admin/verifications.csv', { why: WHY })).status).toBe(403);
    const nobody = await application.client.json('POST', '/admin/verifications.csv', { why: WHY });
    expect(nobody.status).toBe(401);
    const person = await administrator(application, 'html');
    const page = await person.get('/admin/verifications?country=DE');
    expect(page.text).toMatch(/<form method="post" action="\/admin\/verifications\.csv"/);
    expect(page.text).toMatch(/type="hidden" name="country" value="DE"/);
    const file = await person.post('/admin/verifications.csv', { country: 'DE', why: WHY });
    expect(file.text).toMatch(HEAD);
    expect(lines(file.text)).toHaveLength(1);
    expect((await person.post('/admin/verifications.csv', { country: 'DE' })).status).toBe(400);
  });

  it('has every request once, in order, over many batches while new ones come', async () => {
    await seeded(3210);
    const [all] = await Promise.all([
      take({ purpose: 'seeded' }),
      ...Array.from({ length: 5 }, () => application.started()),
    ]);
    const ids = lines(all.text).map((line) => line.split(',')[0]!);
    expect(ids).toHaveLength(3210);
    expect(new Set(ids).size).toBe(3210);
    expect(ids).toEqual([...ids].sort().reverse());
  });

  it('begins at once, reads no further than it is read, and stops when nobody reads', async () => {
    await application.sql.query(`DELETE FROM otp_verification_requests WHERE purpose = 'seeded'`);
    await seeded(60_000);
    await application.sql.query('ANALYZE otp_verification_requests');
    const repository = application.app.get(HistoryRepository, { strict: false });
    const all = repository.all.bind(repository);
    let batches = 0;
    let ended = false;
    repository.all = async function* (filter) {
      try {
        for await (const batch of all(filter)) {
          batches += 1;
          yield batch;
        }
      } finally {
        ended = true;
      }
    };
    const response = await raw({ purpose: 'seeded', why: 'because' });
    await once(response, 'readable');
    // Sockets hold a few MB; the file has some 25, in 600 batches.
    let before = -1;
    await until(
      async () => {
        const stands = batches === before;
        before = batches;
        await sleep(300);
        return stands;
      },
      { what: 'the export waits for its reader' },
    );
    expect(batches).toBeLessThan(300);
    const { rows } = await application.sql.query<{ open: number }>(
      `SELECT count(*)::int AS open FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );
    expect([rows[0]!.open, ended]).toEqual([0, false]);
    response.destroy();
    await until(() => ended, { what: 'the export stops' });
    expect(batches).toBeLessThan(300);
  });

  it('is closed in the middle, and not ended, when the database goes away', async () => {
    const response = await raw({ purpose: 'seeded', why: 'because' });
    await once(response, 'readable');
    await application.sql.query(
      `ALTER TABLE otp_verification_requests RENAME COLUMN caller_agent TO caller_agent_gone`,
    );
    try {
      response.resume();
      await expect(once(response, 'end')).rejects.toThrow(/aborted/);
      expect(response.complete).toBe(false);
    } finally {
      await application.sql.query(
        `ALTER TABLE otp_verification_requests RENAME COLUMN caller_agent_gone TO caller_agent`,
      );
    }
  });
});
