import { PASSWORD, Visitor } from './host/visitor.js';
import { startApplication, type TestApplication } from './support/application.js';
import { openPage, submitForm } from './support/submit-form.js';

const WORDS = 'Your browser doesn’t keep this site’s cookies';

describe('a browser that keeps no cookies', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  const at = (path: string) => new URL(path, application.url).href;
  const cookiesOf = ({ headers }: { headers: Headers }) => headers.getSetCookie().join();
  /** Posts the form of a page, and opens the page that it leads to. */
  const submit = async (path: string, fields: Record<string, string>, headers = {}) => {
    const from = { Referer: at(path), ...headers };
    const posted = await submitForm(at(path), fields, from);
    return { posted, page: await openPage(at(posted.headers.get('location')!), from) };
  };

  it('is given one with every page and redirect', async () => {
    expect(cookiesOf(await openPage(at('/')))).toMatch(/^otp-caller=[^,]+$/);
    for (const path of ['/sign-in', '/nowhere', '/account']) {
      expect(cookiesOf(await openPage(at(path)))).toMatch(
        /^otp-cookies=[\w-]{12}; Path=\/; HttpOnly; SameSite=Lax$/,
      );
      expect(cookiesOf(await openPage(at(path), { Cookie: 'otp-cookies=yes' }))).toBe('');
    }
  });

  it('is told so where a form has led it, whether that was refused or not', async () => {
    const { email } = await new Visitor(application).signsUp();
    for (const [path, fields, status] of [
      ['/sign-in', { email, password: 'wrong' }, 303],
      ['/request-otp', { phoneNumber: '+1 415 12' }, 303],
    ] as const) {
      const { posted, page } = await submit(path, fields);
      expect([posted.status, page.status, page.text.includes(WORDS)]).toEqual([status, 200, true]);
    }
    const { posted } = await submit('/sign-in', { email, password: PASSWORD });
    const account = { Referer: at('/sign-in') };
    const refused = await openPage(at(posted.headers.get('location')!), account);
    expect(refused.status).toBe(303);
    expect((await openPage(at(refused.headers.get('location')!), account)).text).toContain(WORDS);
  });

  it('is not one that has a cookie, or comes from elsewhere', async () => {
    const others: Record<string, string>[] = [
      { Referer: at('/'), Cookie: 'otp-cookies=yes' },
      { Referer: 'https://example.com/' },
      {},
    ];
    for (const headers of others) expect((await openPage(at('/sign-in'), headers)).text).not.toContain(WORDS);
  });
});
