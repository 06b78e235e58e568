import type { Visitor } from '../host/visitor.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { administrator, program, type Program } from './administrator.js';

const REASON = 'a customer called';
/** What `Date` reads as some moment, and people mean otherwise or not at all. */
const NOT_DATES = ['05/11/2026', '1', 'Nov 3', '2026-02-30', 'yesterday'];

describe('dates in the forms of the administration', () => {
  let application: TestApplication;
  let admin: Program;
  let person: Visitor;
  beforeAll(async () => {
    application = await startApplication();
    admin = await program(application);
    person = await administrator(application, 'html');
  });
  afterAll(() => application.close());

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
        expect(page.text).toMatch(new RegExp(`<input id="${field}"[^>]* type="text"[^>]* value="${typed}"`));
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
      const { text } = await person.get(`/admin/${list}?from=2026-11-24T18%3A00&to=2026-11-26&groupBy=hour`);
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
      const page = await person.submitsAndFollows(`/admin/${list}`, { ...fields, reason: REASON, until });
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
