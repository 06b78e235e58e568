import type { Visitor } from '../host/visitor.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { until } from '../support/until.js';
import { administrator } from './administrator.js';

const REASON = 'a customer called';

describe('a form of the administration that is posted with a factor that is too old', () => {
  let application: TestApplication;
  let person: Visitor;
  beforeAll(async () => {
    application = await startApplication();
    person = await administrator(application, 'html');
  });
  afterAll(() => application.close());

  const BLOCK = { kind: 'country', value: 'KP', reason: REASON };
  const age = () =>
    application.sql.query(
      `UPDATE host_sessions SET sess = regexp_replace(sess::text, '"completedAt":"[^"]+"', '"completedAt":"2020-01-01T00:00:00.000Z"', 'g')::json`,
    );
  const blocked = async (label = 'KP') => {
    const { rows } = await application.sql.query(
      'SELECT id FROM otp_block_entries WHERE label = $1 AND lifted_at IS NULL',
      [label],
    );
    return rows.length;
  };
  beforeEach(async () => {
    await application.sql.query('UPDATE otp_block_entries SET lifted_at = now() WHERE lifted_at IS NULL');
    // The provider lets no message go to a number so soon after the last one.
    await application.advanceProvider(60);
    await age();
  });

  /** Posts a form, which is kept. @returns the page to continue to */
  const keeps = async (path: string, fields: Record<string, string>, as = person) => {
    const answer = await as.submits(path, fields);
    expect(answer.status).toBe(303);
    const asked = new URL(answer.headers.get('location')!, application.url);
    expect(asked.pathname).toBe('/two-factor');
    const returnTo = asked.searchParams.get('returnTo')!;
    expect(returnTo).toMatch(/^\/two-factor\/kept\/[0-9a-f-]{36}$/);
    return { returnTo, question: await as.get(asked.pathname + asked.search) };
  };
  const shows = async (returnTo: string, as = person) => {
    const sent = await as.submits('/two-factor/challenge', { returnTo });
    const codePage = await as.get(sent.headers.get('location')!);
    const requestId = /name="requestId" value="([^"]+)"/.exec(codePage.text)![1]!;
    const form = { requestId, otpCode: as.code, returnTo };
    const shown = await as.submits('/two-factor/verify', form);
    return { codePage, form, status: shown.status, address: shown.headers.get('location')! };
  };

  it('is done once the factor is shown, without another press, and the person lands on its result', async () => {
    const { returnTo, question } = await keeps('/admin/blocks', BLOCK);
    expect(question.text).toContain('Confirm it’s you to block KP');
    expect(await blocked()).toBe(0);
    const { codePage, form, status, address } = await shows(returnTo);
    expect(codePage.text).toContain('Confirm it’s you to block KP');
    expect([status, await blocked()]).toEqual([307, 0]);
    // A browser posts the form of the code again, at the other address.
    const page = await person.submitsAndFollows(address, form);
    expect(page.text).toContain('Block added.');
    expect(await blocked()).toBe(1);
    const { rows } = await application.sql.query<{ reason: string; actor: string }>(
      `SELECT reason, actor FROM otp_admin_audit WHERE action = 'block.added' ORDER BY number DESC LIMIT 1`,
    );
    expect(rows[0]).toEqual({ reason: REASON, actor: expect.stringMatching(/^user:/) });
    // Reload, Back, a second tab, once the page is shown: never again, and the person is told.
    const again = async () => (await person.submitsAndFollows(address, form)).text;
    await until(async () => (await again()).includes('Nothing was done this time.'));
    expect(await blocked()).toBe(1);
    const gone = await person.get(returnTo);
    expect([gone.status, /Nothing was done this time/.test(gone.text)]).toEqual([410, true]);
    expect(gone.text).toContain('href="/admin/blocks"');
  });

  it('has a page that offers it, for Back and for a factor shown in another tab', async () => {
    const { returnTo } = await keeps('/admin/blocks', BLOCK);
    const offered = await person.get(returnTo);
    expect(offered.text).toContain('Confirm it’s you to block KP');
    const address = /action="(\/admin\/blocks\?kept[^"]+)"/.exec(offered.text)![1]!.replace('&#x3D;', '=');
    // Too early: the factor is asked for again, and nothing is lost.
    const early = await person.submits(address, {});
    expect(early.headers.get('location')).toContain(encodeURIComponent(returnTo));
    await shows('/admin');
    const page = await person.submitsAndFollows(address, {});
    expect([/Block added/.test(page.text), await blocked()]).toEqual([true, 1]);
  });

  it.each(['retry', '1-1/retry', '1-1/discard'])(
    'of a dead letter says what is confirmed, and leads back to the list: %s',
    async (act) => {
      const { returnTo, question } = await keeps(`/admin/dead-letters/${act}`, { reason: REASON });
      expect(question.text).toMatch(/<p class="confirm">Confirm it’s you to (deliver|discard) /);
      expect((await person.get(returnTo)).text).toContain('<a href="/admin/dead-letters">');
    },
  );

  it('is done once by two at the same moment', async () => {
    const { returnTo } = await keeps('/admin/blocks', BLOCK);
    const { form, address } = await shows(returnTo);
    // Tabs that come from different pages: otherwise these would be repeats of one post.
    const answers = await Promise.all(
      ['blocks', 'tokens', 'audit'].map((page) =>
        person.submits(address, form, { Referer: `${application.url}/admin/${page}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(await blocked()).toBe(1);
  });

  it('passes every check of a post: what is wrong in it comes back to its form, as typed', async () => {
    const { returnTo } = await keeps('/admin/blocks', { ...BLOCK, value: 'Korea' });
    const { form, address } = await shows(returnTo);
    const page = await person.submitsAndFollows(address, form);
    expect(page.text).toContain('value="Korea"');
    expect(page.text).toContain('There is a problem');
    expect(page.text).toContain(`value="${REASON}"`);
  });

  it('is nobody else’s, not of another sign-in, and for no other address', async () => {
    const { returnTo } = await keeps('/admin/blocks', BLOCK);
    const address = `/admin/blocks?kept=${returnTo.split('/').at(-1)}`;
    const elsewhere = await person.elsewhere().isSignedIn();
    const other = await administrator(application, 'html');
    for (const stranger of [elsewhere, other]) {
      expect((await stranger.get(returnTo)).status).toBe(410);
      expect((await stranger.submitsAndFollows(address, BLOCK)).text).toContain(
        'Nothing was done this time.',
      );
    }
    await application.advanceProvider(60);
    await shows('/admin');
    const tokens = await person.submitsAndFollows(address.replace('blocks', 'tokens'), {});
    expect(tokens.text).toContain('Nothing was done this time.');
    expect(await blocked()).toBe(0);
    const foreign = await person.submits(
      address,
      {},
      { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    );
    expect([foreign.status, await blocked()]).toEqual([403, 0]);
    // It still waits for the right one.
    expect((await person.submitsAndFollows(address, {})).text).toContain('Block added.');
  });

  it('ends with the role, with the session, and after ten minutes', async () => {
    const { returnTo } = await keeps('/admin/blocks', BLOCK);
    const address = `/admin/blocks?kept=${returnTo.split('/').at(-1)}`;
    const role = (name: string) =>
      application.sql.query('UPDATE host_users SET role = $1 WHERE email = $2', [name, person.email]);
    await shows('/admin');
    await role('user');
    expect((await person.submits(address, {})).status).toBe(403);
    await role('admin');
    await application.sql.query(`UPDATE otp_kept_posts SET expires_at = now() WHERE path = '/admin/blocks'`);
    expect((await person.submitsAndFollows(address, {})).text).toContain('Nothing was done this time.');
    await age();
    const { returnTo: second } = await keeps('/admin/blocks', BLOCK);
    await person.submits('/two-factor/sign-out', {});
    const toSignIn = await person.submits(`/admin/blocks?kept=${second.split('/').at(-1)}`, {});
    expect(toSignIn.headers.get('location')).toContain('/sign-in?returnTo=');
    await person.isSignedIn();
    expect((await person.get(second)).status).toBe(410);
    expect(await blocked()).toBe(0);
  });

  it('of a download waits on its page, because that leaves the browser where it was', async () => {
    const { returnTo } = await keeps('/admin/verifications.csv', { why: REASON, country: 'US' });
    const { status, address } = await shows(returnTo);
    expect([status, address]).toEqual([303, returnTo]);
    const page = await person.get(address);
    expect(page.text).toContain('Confirm it’s you to download the history as CSV');
    const action = /action="(\/admin\/verifications\.csv[^"]+)"/.exec(page.text)![1]!.replace('&#x3D;', '=');
    const file = await person.submits(action, {});
    expect([file.status, file.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/csv'),
    ]);
  });

  it('keeps whole lists, and shows of a number only its end', async () => {
    const scopes = new URLSearchParams({ name: 'both', reason: REASON });
    for (const scope of ['audit:read', 'history:read']) scopes.append('scopes', scope);
    const kept = await fetch(`${application.url}/admin/tokens`, {
      method: 'POST',
      redirect: 'manual',
      body: scopes,
      headers: { Accept: 'text/html', Cookie: person.cookieHeader(), Origin: application.url },
    });
    const returnTo = new URL(kept.headers.get('location')!, application.url).searchParams.get('returnTo')!;
    const { form, address } = await shows(returnTo);
    await person.submitsAndFollows(address, form);
    const { rows } = await application.sql.query(`SELECT scopes FROM otp_api_tokens WHERE name = 'both'`);
    expect(rows).toEqual([{ scopes: ['audit:read', 'history:read'] }]);
    await age();
    const { question } = await keeps('/admin/blocks', {
      ...BLOCK,
      kind: 'number',
      value: '+49 1511 2345678',
    });
    expect(question.text).toContain('Confirm it’s you to block +•• •••• •••••78');
    const stored = await application.sql.query('SELECT about, body FROM otp_kept_posts');
    expect(JSON.stringify(stored.rows)).not.toContain('2345678');
  });

  it('in JSON is refused as before, and nothing is kept', async () => {
    await application.sql.query('DELETE FROM otp_kept_posts');
    const client = await person.call('POST', '/admin/blocks', BLOCK, {
      Accept: 'application/json',
    });
    expect(client.body).toMatchObject({ status: 403, code: 'second-factor-required', reason: 'too-old' });
    expect((await application.sql.query('SELECT 1 FROM otp_kept_posts')).rows).toEqual([]);
  });
});
