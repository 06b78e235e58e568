import { freshNumber, startApplication, type TestApplication, wrongCode } from '../support/application.js';
import { program, type Program } from './administrator.js';

interface Item {
  requestId: string;
  status: string;
  phoneNumber: string;
  createdAt: string;
}

describe('the history', () => {
  let application: TestApplication;
  let admin: Program;
  beforeAll(async () => {
    application = await startApplication({ TRUST_PROXY: 'loopback', PROTECTION: 'record' });
    admin = await program(application, 'history:read');
  });
  afterAll(() => application.close());

  const items = (body: Record<string, unknown>) => body['items'] as Item[];
  const find = async (query: Record<string, string>) =>
    items((await admin.get(`/admin/verifications?${new URLSearchParams(query)}`)).body).map(
      ({ requestId }) => requestId,
    );
  const begun = async (body: object, from = '198.51.100.7') => {
    const headers = { 'X-Forwarded-For': from, 'User-Agent': 'A browser' };
    const answer = await application.client.json('POST', '/request-otp', body, headers);
    expect(answer.status).toBe(200);
    return answer.body['requestId'] as string;
  };

  it('finds by every filter, and by filters together', async () => {
    const german = await begun({ phoneNumber: '+4915112345678' }, '2001:db8:1:2::7');
    const phoneNumber = freshNumber();
    const verified = await begun({ phoneNumber });
    const otpCode = application.codeFor(phoneNumber);
    await application.client.json('POST', '/verify-otp', { requestId: verified, otpCode });
    const called = await begun({ phoneNumber: freshNumber(), channel: 'voice' });
    const failed = await application.started();
    for (let i = 0; i < 3; i += 1)
      await application.client.json('POST', '/verify-otp', {
        requestId: failed.requestId,
        otpCode: wrongCode(failed.code),
      });
    const lapsed = await begun({ phoneNumber: freshNumber() });
    await application.sql.query(`UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1`, [
      lapsed,
    ]);
    await application.sql.query(
      `UPDATE otp_verification_requests SET user_id = 'anna', purpose = 'payment' WHERE id = $1`,
      [called],
    );
    const { rows } = await application.sql.query<{ id: string }>(
      'SELECT provider_request_id AS id FROM otp_verification_requests WHERE id = $1',
      [verified],
    );

    expect(await find({})).toEqual([lapsed, failed.requestId, called, verified, german]);
    expect(await find({ country: 'de' })).toEqual([german]);
    // As a form sends it whose other fields were left alone.
    expect(
      await find({ country: 'DE', from: '', to: '', status: '', user: '', address: '', after: '' }),
    ).toEqual([german]);
    expect(await find({ channel: 'voice' })).toEqual([called]);
    expect(await find({ status: 'VERIFIED' })).toEqual([verified]);
    expect(await find({ status: 'FAILED' })).toEqual([failed.requestId]);
    expect(await find({ status: 'EXPIRED' })).toEqual([lapsed]);
    expect(await find({ status: 'PENDING' })).toEqual([called, german]);
    expect(await find({ reason: 'attempts-exhausted' })).toEqual([failed.requestId]);
    expect(await find({ user: 'anna' })).toEqual([called]);
    expect(await find({ purpose: 'payment' })).toEqual([called]);
    expect(await find({ requestId: verified })).toEqual([verified]);
    expect(await find({ providerRequestId: rows[0]!.id })).toEqual([verified]);
    expect(await find({ address: '2001:db8:1:2:ffff::1' })).toEqual([german]);
    expect(await find({ address: '::ffff:198.51.100.7', status: 'VERIFIED' })).toEqual([verified]);
    expect(await find({ country: 'DE', status: 'VERIFIED' })).toEqual([]);
    expect(await find({ number: `00${phoneNumber.slice(1)}` })).toEqual([verified]);
    const hour = 3_600_000;
    expect(await find({ from: new Date(Date.now() - hour).toISOString() })).toHaveLength(5);
    expect(await find({ to: new Date(Date.now() - hour).toISOString() })).toEqual([]);
    expect(await find({ status: 'FAILED', reason: 'attempts-exhausted', country: 'US' })).toEqual([
      failed.requestId,
    ]);
    await application.client.json('POST', '/verify-otp', { requestId: lapsed, otpCode: '000000' });
    expect(await find({ status: 'EXPIRED' })).toEqual([lapsed]);
  });

  it('shows no number: not on the page, not in its links, not in an address', async () => {
    const phoneNumber = freshNumber();
    await begun({ phoneNumber });
    const searched = await admin.post('/admin/verifications/search', { phoneNumber });
    expect(items(searched.body)).toHaveLength(1);
    const listed = await admin.get(`/admin/verifications?number=${encodeURIComponent(phoneNumber)}`);
    for (const { text } of [searched, listed]) expect(text).not.toContain(phoneNumber.slice(2));
    const form = await fetch(`${application.url}/admin/verifications/search`, {
      method: 'POST',
      redirect: 'manual',
      headers: { Authorization: `Bearer ${admin.token}`, Accept: 'text/html' },
      body: new URLSearchParams({ phoneNumber }),
    });
    expect(form.status).toBe(303);
    const location = form.headers.get('location')!;
    expect(location).toMatch(/^\/admin\/verifications\?number=[\w.-]{43}$/);
    expect(items((await admin.get(location)).body)).toHaveLength(1);
  });

  it('pages both ways through every request once, also while new ones come', async () => {
    await application.sql.query(`DELETE FROM otp_verification_events; DELETE FROM otp_verification_requests`);
    const all: string[] = [];
    for (let i = 0; i < 130; i += 1) all.unshift(await begun({ phoneNumber: freshNumber() }));
    const seen: string[] = [];
    let path: string | null = '/admin/verifications?country=US';
    let last = '';
    while (path) {
      const { body } = await admin.get(path);
      seen.push(...items(body).map(({ requestId }) => requestId));
      expect(path).toContain('country=US');
      last = path;
      path = body['next'] as string | null;
      await begun({ phoneNumber: freshNumber() });
    }
    expect(seen).toEqual(all);
    const back: string[] = [];
    path = last;
    while (path && back.length < 130) {
      const { body } = await admin.get(path);
      back.unshift(...items(body).map(({ requestId }) => requestId));
      path = body['previous'] as string | null;
    }
    expect(back.slice(-130)).toEqual(all);
  });

  it('says which filter is wrong', async () => {
    for (const [field, value] of Object.entries({
      from: 'yesterday',
      status: 'DONE',
      country: 'Mars',
      requestId: '17',
      address: 'here',
      number: '12',
      after: 'x',
      channel: 'pigeon',
    })) {
      const answer = await admin.get(`/admin/verifications?${field}=${value}`);
      expect(answer.body).toMatchObject({ status: 400, errors: [{ field }] });
    }
  });

  it('tells one request as a single timeline, with every rule that was asked', async () => {
    const phoneNumber = freshNumber();
    const requestId = await begun({ phoneNumber }, '203.0.113.9');
    const code = application.codeFor(phoneNumber);
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    await application.client.json('POST', '/resend-otp', { requestId });
    await application.client.json(
      'POST',
      '/request-otp',
      { phoneNumber },
      { Cookie: 'otp-caller=CCCCCCCCCCCCCCCCCCCCCC' },
    );
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    const { body, text } = await admin.get(`/admin/verifications/${requestId}`);
    expect(body['request']).toMatchObject({
      requestId,
      status: 'VERIFIED',
      address: '203.0.113.9',
      browser: 'A browser',
      attempts: 2,
    });
    const timeline = body['timeline'] as { at: string; what: string; detail: string }[];
    expect(timeline.map(({ what, detail }) => (what === 'decided' ? detail : what)).sort()).toEqual(
      [
        'started',
        'sent',
        'check-claimed',
        'mismatched',
        'resend refused resend-cooldown',
        'start refused live-request',
        'check-claimed',
        'matched',
      ].sort(),
    );
    expect(timeline.map(({ at }) => at)).toEqual(timeline.map(({ at }) => at).sort());
    const decisions = body['decisions'] as {
      action: string;
      rules: { rule: string; outcome: string; used?: number; limit?: number }[];
    }[];
    expect(decisions.find(({ action }) => action === 'start')!.rules).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ rule: 'country', outcome: 'pass', input: 'US' }),
        expect.objectContaining({ rule: 'number-limit', mode: 'record', outcome: 'pass', used: 1, limit: 5 }),
      ]),
    );
    expect(text).not.toContain(phoneNumber.slice(2));
    expect((await admin.get('/admin/verifications/01890000-0000-7000-8000-000000000000')).body['code']).toBe(
      'unknown-request',
    );
    expect((await admin.get('/admin/verifications/17')).status).toBe(404);
  });

  it('knows of starts that no request came of', async () => {
    await application.sql.query(
      `INSERT INTO otp_block_entries (id, kind, value, label, reason, author, created_at)
       VALUES (gen_random_uuid(), 'country', 'FR', 'FR', 'test', 'cli:test', now())`,
    );
    // Written behind the application's back, so it is effective within a second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const answer = await application.client.json('POST', '/request-otp', { phoneNumber: '+33612345678' });
    expect(answer.status).toBe(403);
    const refused = async (query: string) => items((await admin.get(`/admin/decisions?${query}`)).body);
    expect(await refused('rule=block-list')).toMatchObject([
      { outcome: 'refused', rule: 'block-list', phoneNumber: '+33 ••• ••• ••78', requestId: null },
    ]);
    expect(await refused('number=%2B33612345678')).toHaveLength(1);
    expect(await refused('number=%2B33612345679')).toHaveLength(0);
    expect(await refused('rule=number-limit')).toHaveLength(0);
  });
});
