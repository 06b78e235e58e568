import { administrator } from './admin/administrator.js';
import { requestIdOf, Visitor } from './host/visitor.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import type { Answer } from './support/client.js';
import { openPage, submitForm } from './support/submit-form.js';
import { until } from './support/until.js';

/** Without a script, a double click makes a browser abandon the first post, and its answer is lost. */
describe('a form that is posted again before the browser has the answer', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const submit = (person: Visitor, path: string, fields: Record<string, string>) =>
    submitForm(application.url + path, fields, { Cookie: person.cookieHeader() });
  const twice = (person: Visitor, path: string, fields: Record<string, string>) =>
    Promise.all([submit(person, path, fields), submit(person, path, fields)]);
  const goalOf = ({ status, headers }: Answer) => [status, headers.get('location')];

  /** Somebody who has typed the password, and to whom a code was sent. */
  async function challenged() {
    const person = await new Visitor(application).signsUp();
    await person.enrols();
    const elsewhere = person.elsewhere();
    await elsewhere.signsIn();
    return { person: elsewhere, requestId: await elsewhere.isChallenged() };
  }

  it('keeps its person signed in, whether the first answer is on its way or was lost', async () => {
    for (const post of [
      twice,
      async (...form: Parameters<typeof submit>) => [await submit(...form), await submit(...form)],
    ]) {
      const { person, requestId } = await challenged();
      const [, second] = await post(person, '/two-factor/verify', { requestId, otpCode: person.code });
      expect(goalOf(second!)).toEqual([303, '/account']);
      person.learn(second!.headers);
      expect((await person.get('/account')).status).toBe(200);
    }
  });

  it('is not taken for that of another browser in which the same user signs in', async () => {
    const { email, password } = await new Visitor(application).signsUp();
    const browsers = [new Visitor(application), new Visitor(application)];
    for (const browser of browsers) {
      browser.learn((await openPage(`${application.url}/sign-in`)).headers);
      browser.learn((await submit(browser, '/sign-in', { email, password })).headers);
    }
    const [first, second] = browsers.map(({ session }) => session);
    expect([typeof first, typeof second, first === second]).toEqual(['string', 'string', false]);
  });

  it('keeps the session while factors are added, and shows the recovery codes that work', async () => {
    const person = await new Visitor(application).signsUp();
    const phoneNumber = freshNumber();
    const started = await person.post('/two-factor/phones', { phoneNumber });
    const code = { requestId: requestIdOf(started), otpCode: application.codeFor(phoneNumber) };
    const [, proved] = await twice(person, '/two-factor/phones/verify', code);
    person.learn(proved.headers);
    const [, made] = await twice(person, '/two-factor/recovery-codes', {});
    person.learn(made.headers);
    const page = await person.get('/two-factor/recovery-codes', { Accept: 'text/html' });
    const shown = [...page.text.matchAll(/<code dir="ltr">([a-z0-9-]{16})</g)].map(([, each]) => each!);
    expect(shown).toHaveLength(10);
    const elsewhere = person.elsewhere();
    await elsewhere.signsIn();
    const used = await elsewhere.post('/two-factor/code', { factor: 'recovery', otpCode: shown[0]! });
    expect(used.status).toBe(200);
  });

  it('sends one e-mail and creates one account, and signs in to it', async () => {
    const person = new Visitor(application);
    person.email = `twice.${process.pid}@example.com`;
    await twice(person, '/sign-up', { email: person.email });
    const link = new URL(await application.mailbox.link(person.email), application.url);
    const form = { token: link.searchParams.get('token')!, password: person.password };
    const [, second] = await twice(person, '/sign-up/finish', form);
    expect(goalOf(second)).toEqual([303, '/account']);
    person.learn(second.headers);
    expect((await person.get('/account')).status).toBe(200);
    expect(application.mailbox.of(person.email)).toHaveLength(1);
  });

  it('gets nothing of the answer with another code or other cookies', async () => {
    const { person, requestId } = await challenged();
    const right = { requestId, otpCode: person.code };
    const wrong = { requestId, otpCode: wrongCode(person.code) };
    const stolen = person.elsewhere();
    stolen.learn(new Headers({ 'set-cookie': `session=${person.session}; Path=/` }));
    await submit(person, '/two-factor/verify', right);
    const cookies = await Promise.all(
      [
        submit(stolen, '/two-factor/verify', wrong),
        submit(stolen.elsewhere(), '/two-factor/verify', right),
      ].map(async (repeat) => (await repeat).headers.get('set-cookie') ?? ''),
    );
    expect(cookies.filter((each) => each.includes('session='))).toEqual([]);
  });

  it('counts a wrong code once for a double click, and again once its page was shown', async () => {
    const { person, requestId } = await challenged();
    const typed = { requestId, otpCode: wrongCode(person.code) };
    const attempts = async () => {
      const text = 'SELECT attempts FROM otp_verification_requests WHERE id = $1';
      const { rows } = await application.sql.query<{ attempts: number }>(text, [requestId]);
      return rows[0]!.attempts;
    };
    const [, second] = await twice(person, '/two-factor/verify', typed);
    expect(await attempts()).toBe(1);
    const page = new URL(second.headers.get('location')!, application.url);
    await openPage(page.href, { Cookie: person.cookieHeader() });
    await until(async () => {
      await submit(person, '/two-factor/verify', typed);
      return (await attempts()) === 2;
    });
  });

  it('gives the answer also while the next page is on its way', async () => {
    const { person, requestId } = await challenged();
    const right = { requestId, otpCode: person.code };
    const first = await submit(person, '/two-factor/verify', right);
    person.learn(first.headers);
    const page = new URL(first.headers.get('location')!, application.url);
    await openPage(page.href, { Cookie: person.cookieHeader() });
    expect(goalOf(await submit(person, '/two-factor/verify', right))).toEqual([303, '/account']);
  });

  it('does an administrator’s act once, and says that it is done', async () => {
    const admin = await administrator(application, 'html');
    const tokens = async () => {
      const { rows } = await application.sql.query<{ id: string }>(
        'SELECT id FROM otp_api_tokens WHERE revoked_at IS NULL',
      );
      return rows.map(({ id }) => id);
    };
    const form = { name: 'nightly', scopes: 'audit:read', reason: 'for a test' };
    const [, made] = await twice(admin, '/admin/tokens', form);
    admin.learn(made.headers);
    expect(await tokens()).toHaveLength(1);
    expect((await admin.get(made.headers.get('location')!)).text).toContain('nightly');
    const [id] = await tokens();
    const [, revoked] = await twice(admin, `/admin/tokens/${id}/revoke`, { reason: 'for a test' });
    expect(goalOf(revoked)).toEqual([303, '/admin/tokens']);
    admin.learn(revoked.headers);
    expect((await admin.get('/admin/tokens')).text).toContain('Token revoked.');
    // Once: a reload does not say it again.
    expect((await admin.get('/admin/tokens')).text).not.toContain('Token revoked.');
    expect(await tokens()).toEqual([]);
  });
});
