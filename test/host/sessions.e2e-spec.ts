import { SessionRepository } from '../../src/host/sessions/session.repository.js';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { until } from '../support/until.js';
import { mustBe, Visitor } from './visitor.js';

interface Listed {
  id: string;
  browser: string;
  address: string;
  signedInAt: string;
  lastUsedAt: string;
  pending: boolean;
  current: boolean;
}

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1';
const NOBODY_ID = '01890000-0000-7000-8000-000000000000';

describe.each(['json', 'html'] as const)('sessions end when their user says so (%s)', (kind) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      RESEND_COOLDOWN_SECONDS: '0',
      TRUST_PROXY: 'loopback',
      SESSION_LIFETIME_HOURS: '1',
    });
  });
  afterAll(() => application.close());

  const enrolled = async () => (await new Visitor(application, kind).signsUp()).enrols();
  const isIn = async (person: Visitor) => (await person.get('/account')).status === 200;
  /** The same user as a program sees them: what the page shows is compared with it. */
  const listOf = async (person: Visitor) => {
    const answer = await application.client.json('GET', '/account/sessions', undefined, {
      Cookie: person.cookieHeader(),
    });
    return answer.body['sessions'] as Listed[];
  };
  const sidOf = (person: Visitor) => decodeURIComponent(person.session!).replace(/^s:([^.]+)\..*$/, '$1');
  const refused = kind === 'json' ? 401 : 303;

  it('only the routes of people who sign in read a session', async () => {
    const load = jest.spyOn(application.app.get(SessionRepository, { strict: false }), 'load');
    const person = await enrolled();
    load.mockClear();
    await person.get('/');
    await person.post('/request-otp', { phoneNumber: freshNumber() });
    await person.post('/verify-otp', { requestId: NOBODY_ID, otpCode: '000000' });
    await person.get('/health/live');
    expect(load).not.toHaveBeenCalled();
    expect(await isIn(person)).toBe(true);
    expect(load).toHaveBeenCalledTimes(1);
    load.mockRestore();
  });

  it('the list shows browser, network, sign-in and last use, and nothing that opens a session', async () => {
    const person = await enrolled();
    const phone = person.elsewhere();
    const headers = { 'User-Agent': SAFARI, 'X-Forwarded-For': '2001:db8:1:2::77' };
    mustBe(
      await phone.post('/sign-in', { email: person.email, password: 'a password of the tests' }, headers),
      'signing in',
    );
    const answer = mustBe(await person.get('/account/sessions'), 'the list');
    const [first, second] = await listOf(person);
    // The password was typed on the phone last; its owner sees that the second factor is missing there.
    expect(
      [first, second].map((each) => [each!.browser, each!.address, each!.pending, each!.current]),
    ).toEqual([
      ['Safari, iOS', '2001:db8:1::/48', true, false],
      [expect.any(String), '127.0.0.0/24', false, true],
    ]);
    expect(Date.parse(second!.signedInAt)).toBeLessThanOrEqual(Date.parse(second!.lastUsedAt));
    for (const secret of [sidOf(person), sidOf(phone), '2001:db8:1:2', '127.0.0.1'])
      expect(answer.text).not.toContain(secret);
    if (kind === 'html')
      for (const shown of ['Safari, iOS', '2001:db8:1::/48', 'This session', 'Waiting for the second step'])
        expect(answer.text).toContain(shown);
  });

  it('ending one session ends that one at its next request, and no other', async () => {
    const person = await enrolled();
    const other = await person.elsewhere().isSignedIn();
    expect(await isIn(other)).toBe(true);
    const { id } = (await listOf(person)).find(({ current }) => !current)!;
    const answer = await person.post(`/account/sessions/${id}/end`);
    expect(answer.status).toBe(kind === 'json' ? 204 : 303);
    if (kind === 'html') expect(answer.headers.get('location')).toBe('/account/sessions');
    expect((await other.get('/account')).status).toBe(refused);
    expect(await isIn(person)).toBe(true);
    expect(await listOf(person)).toHaveLength(1);
  });

  it('nobody ends or sees a session of somebody else', async () => {
    const [person, stranger] = [await enrolled(), await enrolled()];
    const [{ id }] = (await listOf(person)) as [Listed];
    expect((await listOf(stranger)).map((each) => each.id)).not.toContain(id);
    for (const each of [id, NOBODY_ID, 'x']) {
      const answer = await stranger.post(`/account/sessions/${each}/end`);
      expect(answer.status).toBe(404);
      if (kind === 'json') expect(answer.body['code']).toBe('unknown-session');
    }
    expect(await isIn(person)).toBe(true);
  });

  it('a session keeps its public id through the second factor, and is ended before it as well as after', async () => {
    const person = await enrolled();
    const thief = person.elsewhere();
    await thief.signsIn();
    const [{ id }] = (await listOf(person)) as [Listed];
    const requestId = await thief.isChallenged();
    mustBe(await thief.types(requestId, thief.code), 'the code');
    expect((await listOf(person)).map((each) => each.id)).toContain(id);
    await person.post(`/account/sessions/${id}/end`);
    expect((await thief.get('/account')).status).toBe(refused);
  });

  it('a session that is ended while its code is being checked is not raised', async () => {
    const person = await enrolled();
    const thief = person.elsewhere();
    await thief.signsIn();
    const { id } = (await listOf(person)).find(({ current }) => !current)!;
    const requestId = await thief.isChallenged();
    await application.fault({ kind: 'latency', operation: 'check', latencyMs: 1500, afterEffect: true });
    const typed = thief.types(requestId, thief.code);
    const checking = `SELECT 1 FROM otp_verification_requests WHERE id = $1 AND attempts = 1`;
    await until(async () => (await application.sql.query(checking, [requestId])).rowCount === 1);
    await person.post(`/account/sessions/${id}/end`);
    expect((await typed).status).toBe(refused);
    expect((await thief.get('/account')).status).toBe(refused);
    expect(await listOf(person)).toHaveLength(1);
  });

  it('signing out everywhere ends every session, this one too, and every trusted browser', async () => {
    const person = await enrolled();
    const browser = person.elsewhere();
    await browser.signsIn();
    mustBe(await browser.types(await browser.isChallenged(), browser.code, { trustBrowser: 'on' }), 'a code');
    const half = person.elsewhere();
    await half.signsIn();
    // With the password alone nobody else is put out.
    expect((await half.post('/account/sign-out-everywhere')).status).toBe(kind === 'json' ? 403 : 303);
    expect([await isIn(person), await isIn(browser)]).toEqual([true, true]);

    const copies = [person, browser, half].map((each) => {
      const copy = each.elsewhere();
      copy.cookies.set('session', each.session!);
      return copy;
    });
    const answer = await person.post('/account/sign-out-everywhere');
    expect(answer.status).toBe(kind === 'json' ? 204 : 303);
    if (kind === 'html') expect(answer.headers.get('location')).toBe('/sign-in');
    for (const copy of copies) {
      expect((await copy.get('/account')).status).toBe(refused);
      expect((await copy.get('/two-factor')).status).toBe(refused);
    }
    // The trusted browser is asked for a code again.
    await browser.signsIn();
    expect(await isIn(browser)).toBe(false);
  });

  it('however busy, a session ends at the hour it was given, through every new id', async () => {
    const person = await (await enrolled()).elsewhere().isSignedIn();
    const signedInAgo = (seconds: number) =>
      application.sql.query(
        `UPDATE host_sessions SET sess = jsonb_set(sess::jsonb, '{twoFactor,signedInAt}',
             to_jsonb(to_char((clock_timestamp() - make_interval(secs => $2)) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::json
            WHERE sid = $1`,
        [sidOf(person), seconds],
      );
    const endOf = async () =>
      (
        await application.sql.query<{ ends: number; expires: number }>(
          `SELECT extract(epoch FROM ends_at - clock_timestamp())::int AS ends,
                    extract(epoch FROM expire - clock_timestamp())::int AS expires FROM host_sessions WHERE sid = $1`,
          [sidOf(person)],
        )
      ).rows[0]!;
    await signedInAgo(3500);
    expect(await isIn(person)).toBe(true);
    mustBe(await person.types(await person.isChallenged(), person.code), 'a code again');
    // The new id has the old end, in the table and in what the library reads.
    const { ends, expires } = await endOf();
    expect(ends).toBeLessThanOrEqual(3600);
    expect(expires).toBeLessThanOrEqual(ends);
    const { rows } = await application.sql.query<{ age: number }>(
      `SELECT extract(epoch FROM clock_timestamp() - (sess->'twoFactor'->>'signedInAt')::timestamptz)::int AS age
           FROM host_sessions WHERE sid = $1`,
      [sidOf(person)],
    );
    expect(rows[0]!.age).toBeGreaterThanOrEqual(3500);
    await signedInAgo(3601);
    expect((await person.get('/account')).status).toBe(refused);
    expect((await person.get('/two-factor')).status).toBe(refused);
  });

  it('the cookie lasts until the absolute end, and using a session moves no more than its idle end', async () => {
    const person = new Visitor(application, kind);
    await person.signsUp();
    const again = await person.post('/sign-in', { email: person.email, password: 'a password of the tests' });
    const expires = /session=[^;]+;.*Expires=([^;]+)/.exec(again.headers.getSetCookie().join('\n'))![1]!;
    expect(Math.abs(Date.parse(expires) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    const used = await person.get('/account', { 'User-Agent': FIREFOX });
    expect(used.headers.getSetCookie()).toEqual([]);

    const sid = sidOf(person);
    const set = (change: string) =>
      application.sql.query(`UPDATE host_sessions SET ${change} WHERE sid = $1`, [sid]);
    await set(
      `last_used_at = now() - interval '2 minutes', expire = now() + interval '1 minute', ends_at = now() + interval '2 hours'`,
    );
    expect(await isIn(person)).toBe(true);
    const { rows } = await application.sql.query(
      'SELECT expire = ends_at AS "atTheEnd" FROM host_sessions WHERE sid = $1',
      [sid],
    );
    expect(rows).toEqual([{ atTheEnd: true }]);
    await set(`expire = now()`);
    expect((await person.get('/account')).status).toBe(refused);
  });
});
