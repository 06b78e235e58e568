import { startApplication, type TestApplication } from '../support/application.js';
import { openPage, submitForm } from '../support/submit-form.js';
import { until } from '../support/until.js';
import { Visitor } from '../host/visitor.js';
import { administrator, program, type Program } from './administrator.js';

const REASON = 'a customer called';
/** What `Date` reads as some moment, and people mean otherwise or not at all. */
const NOT_DATES = ['05/11/2026', '1', 'Nov 3', '2026-02-30', 'yesterday'];

describe('the forms of the administration', () => {
  let application: TestApplication;
  let admin: Program;
  let person: Visitor;
  beforeAll(async () => {
    application = await startApplication();
    admin = await program(application);
    person = await administrator(application, 'html');
  });
  afterAll(() => application.close());

  // The factor of `person` is new until the last group of tests makes it old.

  /** Posts a form as a browser does. */
  const submit = async (path: string, fields: Record<string, string>, as = person) => {
    const answer = await submitForm(application.url + path, fields, { Cookie: as.cookieHeader() });
    as.learn(answer.headers);
    return answer;
  };
  /** The same, and the page that it leads to. */
  const submitted = async (path: string, fields: Record<string, string>, as = person) => {
    const answer = await submit(path, fields, as);
    expect([path, answer.status]).toEqual([path, 303]);
    const page = await openPage(application.url + answer.headers.get('location')!, {
      Cookie: as.cookieHeader(),
    });
    as.learn(page.headers);
    return page;
  };

  describe('dates', () => {
    const FILTERED = ['verifications', 'decisions', 'statistics', 'audit'];

    it.each(FILTERED.flatMap((list) => ['from', 'to'].map((field) => [list, field] as const)))(
      'of /admin/%s?%s= are ISO 8601 or refused, as typed and with words',
      async (list, field) => {
        for (const typed of NOT_DATES) {
          const path = `/admin/${list}?${new URLSearchParams({ [field]: typed })}`;
          expect([typed, (await admin.get(path)).body]).toMatchObject([
            typed,
            {
              status: 400,
              errors: [{ field, code: 'malformed', message: expect.stringContaining('such as') }],
            },
          ]);
          const page = await person.get(path);
          expect(page.status).toBe(400);
          expect(page.text).toContain('Enter a date and time such as');
          expect(page.text).toMatch(
            new RegExp(`<input id="${field}"[^>]* type="text"[^>]* value="${typed}"`),
          );
        }
      },
    );

    it('without a zone are UTC, as the labels say, and come back into the browser’s own field', async () => {
      const [inUtc, inBerlin] = await Promise.all(
        ['2026-11-24T18:00', '2026-11-24T19:00+01:00'].map(async (from) => {
          const { body } = await admin.get(
            `/admin/statistics?${new URLSearchParams({ from, to: '2026-11-26', groupBy: 'hour' })}`,
          );
          return body['from'];
        }),
      );
      expect([inUtc, inBerlin]).toEqual(Array(2).fill('2026-11-24T18:00:00.000Z'));
      for (const list of FILTERED) {
        const { text } = await person.get(
          `/admin/${list}?from=2026-11-24T18%3A00&to=2026-11-26&groupBy=hour`,
        );
        expect(text).toMatch(/<input id="from"[^>]* type="datetime-local"[^>]* value="2026-11-24T18:00"/);
        expect(text).toContain('From (UTC)');
        for (const words of ['Last hour', 'Last 24 hours', 'Last 7 days', 'Last 30 days'])
          expect(text).toContain(`>${words}</a>`);
      }
    });

    it('of ready-made periods keep the other filters, and the list begins there', async () => {
      const { text } = await person.get('/admin/verifications?country=FR&to=2026-01-01&after=');
      const [, address] = /<a href="([^"]+)">Last 24 hours/.exec(text)!;
      const url = new URL(address!.replaceAll('&amp;', '&').replaceAll('&#x3D;', '='), application.url);
      expect(url.searchParams.get('country')).toBe('FR');
      expect(url.searchParams.has('to')).toBe(false);
      const ago = Date.now() - Date.parse(`${url.searchParams.get('from')!}Z`);
      expect(Math.round(ago / 3_600_000)).toBe(24);
      expect((await person.get(url.pathname + url.search)).status).toBe(200);
    });

    it('narrow down what was refused', async () => {
      await application.sql.query(
        `INSERT INTO otp_decisions (id, at, action, outcome, rule, rules)
         VALUES ('01977000-0000-7000-8000-000000000001', '2025-06-15T12:00Z', 'start', 'refused', 'old-rule', '[]')`,
      );
      const rules = async (query: string) =>
        ((await admin.get(`/admin/decisions?${query}`)).body['items'] as { rule: string }[]).map(
          ({ rule }) => rule,
        );
      const { rows } = await application.sql.query<{ at: Date }>(
        `UPDATE otp_decisions SET at = to_timestamp(('x' || substr(replace(id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0)
          WHERE rule = 'old-rule' RETURNING at`,
      );
      const at = rows[0]!.at.getTime();
      const minute = (offset: number) => new Date(at + offset * 60_000).toISOString();
      expect(await rules(`from=${minute(-1)}&to=${minute(1)}`)).toEqual(['old-rule']);
      expect(await rules(`from=${minute(1)}&to=${minute(9)}`)).toEqual([]);
      expect(await rules(`from=${minute(-9)}&to=${minute(-1)}`)).toEqual([]);
    });

    it.each([
      ['blocks', { kind: 'country', value: 'KP' }],
      ['tokens', { name: 'nightly', scopes: 'audit:read' }],
    ])('at which /admin/%s end are to come, and strict', async (list, fields) => {
      for (const [until, code] of [
        ...NOT_DATES.map((typed) => [typed, 'malformed'] as const),
        ['2020-01-01', 'past'] as const,
        ['2999-01-01', 'too-late'] as const,
      ]) {
        const { body } = await admin.post(`/admin/${list}`, { ...fields, reason: REASON, until });
        expect([until, body]).toMatchObject([until, { status: 400, errors: [{ field: 'until', code }] }]);
        const page = await submitted(`/admin/${list}`, { ...fields, reason: REASON, until });
        expect(page.text).toContain(`value="${until}${code === 'malformed' ? '' : 'T00:00'}"`);
        // What else was typed is there, and so is the list.
        expect(page.text).toContain(`value="${REASON}"`);
        expect(page.text).toMatch(
          list === 'tokens' ? /value="audit:read" checked/ : /value="country" selected/,
        );
        expect(page.text).toContain(list === 'tokens' ? '<table>' : 'Nothing is blocked.');
      }
      const until = new Date(Date.now() + 3 * 3_600_000).toISOString().slice(0, 16);
      const { body } = await admin.post(`/admin/${list}`, { ...fields, reason: REASON, until });
      expect(body['expiresAt']).toBe(`${until}:00.000Z`);
      // A form that leaves it empty says: no end.
      const endless = await admin.post(`/admin/${list}`, { ...fields, reason: REASON, until: '' });
      expect(endless.body['expiresAt']).toBeNull();
    });

    it('of an export are the same', async () => {
      for (const from of NOT_DATES) {
        const { body } = await admin.post('/admin/verifications.csv', { from, why: REASON });
        expect(body).toMatchObject({ status: 400, errors: [{ field: 'from', code: 'malformed' }] });
      }
    });
  });

  describe('that erase', () => {
    const started = async () => (await application.started()).phoneNumber;
    const form = (phoneNumber: string) => ({
      phoneNumber,
      userId: '',
      reason: 'asked by letter',
      form: 'erase',
    });
    const hidden = (text: string) =>
      Object.fromEntries(
        [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
          name!,
          value!.replaceAll('&#x3D;', '='),
        ]),
      );
    const isKnown = async (phoneNumber: string) => {
      const { body } = await admin.post('/admin/persons/erase', {
        phoneNumber,
        dryRun: true,
        reason: 'a look',
      });
      return (body['rows'] as Record<string, number>)['verification_requests'] ?? 0;
    };

    it('always show first what would go, and the button says how much of whom', async () => {
      const phoneNumber = await started();
      // Whatever the form says about a dry run.
      for (const more of [{}, { dryRun: 'on' }] as Record<string, string>[]) {
        const page = await submitted('/admin/persons/erase', { ...form(phoneNumber), ...more });
        expect(page.text).toContain(`This would be erased of +1 ••• ••• ••${phoneNumber.slice(-2)}`);
        expect(page.text).toMatch(/<th scope="row">Verifications<\/th><td>1<\/td>/);
        expect(page.text).toMatch(
          new RegExp(`class="danger">Erase \\d+ rows of \\+1 ••• ••• ••${phoneNumber.slice(-2)}<`),
        );
      }
      expect(await isKnown(phoneNumber)).toBe(1);
      const preview = await submitted('/admin/persons/erase', form(phoneNumber));
      const done = await submitted('/admin/persons/erase', hidden(preview.text));
      expect(done.text).toContain('Receipt: audit log entry');
      expect(await isKnown(phoneNumber)).toBe(0);
    });

    it('erase nothing when what would go has changed meanwhile, and show it anew', async () => {
      const phoneNumber = await started();
      const preview = await submitted('/admin/persons/erase', form(phoneNumber));
      await admin.post('/admin/blocks', { kind: 'number', value: phoneNumber, reason: REASON });
      const stopped = await submitted('/admin/persons/erase', hidden(preview.text));
      expect(stopped.text).toContain('Nothing was erased.');
      expect(stopped.text).toMatch(/<th scope="row">Blocks<\/th><td>1<\/td>/);
      expect(await isKnown(phoneNumber)).toBe(1);
      const again = await submitted('/admin/persons/erase', hidden(stopped.text));
      expect(again.text).toContain('Receipt: audit log entry');
      // A program that sends what its dry run said is held to it as well.
      const stale = await admin.post('/admin/persons/erase', {
        phoneNumber: await started(),
        reason: REASON,
        preview: hidden(preview.text)['preview'],
      });
      expect(stale.body).toMatchObject({ status: 409, code: 'preview-outdated' });
    });

    it('count what they then erase, second factors too', async () => {
      const owner = await (await new Visitor(application).signsUp()).enrols();
      const { rows } = await application.sql.query<{ id: string }>(
        'SELECT id FROM host_users WHERE email = $1',
        [owner.email],
      );
      const userId = rows[0]!.id;
      const dry = await admin.post('/admin/persons/erase', { userId, dryRun: true, reason: REASON });
      expect(dry.body).toMatchObject({ receipt: null, person: owner.email, rows: { enrolled_phones: 1 } });
      const { preview } = dry.body as { preview: string };
      const erased = await admin.post('/admin/persons/erase', { userId, preview, reason: REASON });
      expect(erased.body['rows']).toEqual(dry.body['rows']);
    });

    it('keep what was typed in the one form of three that was refused', async () => {
      const page = await submitted('/admin/persons/erase', { ...form('+1 415 12'), reason: '' });
      expect(page.text).toContain('<a href="#erase-reason">');
      expect(page.text).toMatch(/id="erase-phoneNumber"[^>]*value="\+1 415 12"/);
      expect(page.text).toMatch(/id="lock-phoneNumber"[^>]*value=""/);
    });
  });

  it('and lists call users by their addresses, with the id beside, and by the id where nobody knows the name', async () => {
    const { rows } = await application.sql.query<{ id: string }>(
      'SELECT id FROM host_users WHERE email = $1',
      [person.email],
    );
    const id = rows[0]!.id;
    await submitted('/admin/blocks', { kind: 'country', value: 'CU', reason: REASON });
    const named = `<bdi title="user:${id}">${person.email}</bdi>`;
    for (const list of ['blocks', 'audit'])
      expect((await person.get(`/admin/${list}`)).text).toContain(named);
    const { text } = await person.get(`/admin/verifications?user=${id}`);
    expect(text).toContain(`<bdi title="${id}">${person.email}</bdi>`);
    const { body } = await admin.get('/admin/audit');
    const items = body['items'] as { actor: string; actorName: string | null }[];
    expect(items.find(({ actor }) => actor === `user:${id}`)).toMatchObject({ actorName: person.email });
    expect(items.find(({ actor }) => actor.startsWith('token:'))).toMatchObject({ actorName: null });
    await application.sql.query(
      `INSERT INTO otp_admin_audit (at, actor, action, target, reason, details)
       VALUES (now(), 'user:nobody-known', 'factors.reset', $1, 'a test', '{}')`,
      [`user ${id}`],
    );
    const audit = (await person.get('/admin/audit')).text;
    expect(audit).toContain('<td>user:nobody-known</td>');
    expect(audit).toContain(`<bdi title="user ${id}">${person.email}</bdi>`);
  });

  describe('posted with a factor that is too old', () => {
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
      const answer = await submit(path, fields, as);
      expect(answer.status).toBe(303);
      const asked = new URL(answer.headers.get('location')!, application.url);
      expect(asked.pathname).toBe('/two-factor');
      const returnTo = asked.searchParams.get('returnTo')!;
      expect(returnTo).toMatch(/^\/two-factor\/kept\/[0-9a-f-]{36}$/);
      return { returnTo, question: await as.get(asked.pathname + asked.search) };
    };
    const shows = async (returnTo: string, as = person) => {
      const sent = await submit('/two-factor/challenge', { returnTo }, as);
      const codePage = await as.get(sent.headers.get('location')!);
      const requestId = /name="requestId" value="([^"]+)"/.exec(codePage.text)![1]!;
      const form = { requestId, otpCode: as.code, returnTo };
      const shown = await submit('/two-factor/verify', form, as);
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
      const page = await submitted(address, form);
      expect(page.text).toContain('Block added.');
      expect(await blocked()).toBe(1);
      const { rows } = await application.sql.query<{ reason: string; actor: string }>(
        `SELECT reason, actor FROM otp_admin_audit WHERE action = 'block.added' ORDER BY number DESC LIMIT 1`,
      );
      expect(rows[0]).toEqual({ reason: REASON, actor: expect.stringMatching(/^user:/) });
      // Reload, Back, a second tab, once the page is shown: never again, and the person is told.
      const again = async () => (await submitted(address, form)).text;
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
      const early = await submit(address, {});
      expect(early.headers.get('location')).toContain(encodeURIComponent(returnTo));
      await shows('/admin');
      const page = await submitted(address, {});
      expect([/Block added/.test(page.text), await blocked()]).toEqual([true, 1]);
    });

    it('is done once by two at the same moment', async () => {
      const { returnTo } = await keeps('/admin/blocks', BLOCK);
      const { form, address } = await shows(returnTo);
      const answers = await Promise.all([1, 2, 3].map(() => submit(address, form)));
      expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
      expect(await blocked()).toBe(1);
    });

    it('passes every check of a post: what is wrong in it comes back to its form, as typed', async () => {
      const { returnTo } = await keeps('/admin/blocks', { ...BLOCK, value: 'Korea' });
      const { form, address } = await shows(returnTo);
      const page = await submitted(address, form);
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
        expect((await submitted(address, BLOCK, stranger)).text).toContain('Nothing was done this time.');
      }
      await application.advanceProvider(60);
      await shows('/admin');
      const tokens = await submitted(address.replace('blocks', 'tokens'), {});
      expect(tokens.text).toContain('Nothing was done this time.');
      expect(await blocked()).toBe(0);
      const foreign = await submitForm(
        application.url + address,
        {},
        {
          Cookie: person.cookieHeader(),
          Origin: 'https://evil.example',
          'Sec-Fetch-Site': 'cross-site',
        },
      );
      expect([foreign.status, await blocked()]).toEqual([403, 0]);
      // It still waits for the right one.
      expect((await submitted(address, {})).text).toContain('Block added.');
    });

    it('ends with the role, with the session, and after ten minutes', async () => {
      const { returnTo } = await keeps('/admin/blocks', BLOCK);
      const address = `/admin/blocks?kept=${returnTo.split('/').at(-1)}`;
      const role = (name: string) =>
        application.sql.query('UPDATE host_users SET role = $1 WHERE email = $2', [name, person.email]);
      await shows('/admin');
      await role('user');
      expect((await submit(address, {})).status).toBe(403);
      await role('admin');
      await application.sql.query(
        `UPDATE otp_kept_posts SET expires_at = now() WHERE path = '/admin/blocks'`,
      );
      expect((await submitted(address, {})).text).toContain('Nothing was done this time.');
      await age();
      const { returnTo: second } = await keeps('/admin/blocks', BLOCK);
      await submit('/two-factor/sign-out', {});
      const toSignIn = await submit(`/admin/blocks?kept=${second.split('/').at(-1)}`, {});
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
      const action = /action="(\/admin\/verifications\.csv[^"]+)"/
        .exec(page.text)![1]!
        .replace('&#x3D;', '=');
      const file = await submit(action, {});
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
      await submitted(address, form);
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
});
