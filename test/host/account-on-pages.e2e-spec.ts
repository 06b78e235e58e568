import { randomUUID } from 'node:crypto';
import { startApplication, type TestApplication } from '../support/application.js';
import type { Answer } from '../support/client.js';
import { until } from '../support/until.js';
import { codeOf, mustBe, requestIdOf, Visitor } from './visitor.js';

const ACCOUNT = /<header class="site">[\s\S]*Signed in as <bdi>([^<]+)<\/bdi>[\s\S]*<\/header>/;
const WAY_OUT = /<form method="post" action="\/two-factor\/sign-out" class="account">[\s\S]*Sign out/;

describe('every page of the second factor', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const inBrowser = async () => (await new Visitor(application, 'html').signsUp()).enrols();
  const waiting = async () => {
    const browser = (await inBrowser()).elsewhere();
    mustBe(await browser.signsIn(), 'signing in');
    return browser;
  };
  const masked = ({ email }: Visitor) => email.replace(/^(.)[^@]*/, '$1•••');
  const mustName = (person: Visitor, { text }: Answer) => {
    expect(ACCOUNT.exec(text)?.[1]).toBe(masked(person));
    expect(text).toMatch(WAY_OUT);
    expect(text).not.toContain(person.email);
  };

  const challenged = async (person: Visitor) => requestIdOf(await person.post('/two-factor/challenge'));
  const grantOf = async (person: Visitor) => {
    const refused = await person.post('/account/payment', { amount: '1.00', recipient: 'ACME' });
    return /step-up\/([\da-f-]{36})/.exec(refused.headers.get('location')!)![1]!;
  };

  const beforeTheFactor: [string, number, (person: Visitor) => Promise<Answer>][] = [
    ['the choice of a factor', 200, (person) => person.get('/two-factor')],
    [
      'a code of an app that is wrong',
      422,
      (person) => person.post('/two-factor/code', { factor: 'recovery', otpCode: 'zz-zz-zzzz-zzzzzz' }),
    ],
    [
      'a code that cannot be read',
      400,
      (person) => person.post('/two-factor/code', { factor: 'totp', otpCode: '1' }),
    ],
    ['a form without its fields', 400, (person) => person.post('/two-factor/code')],
    [
      'a phone of somebody else',
      404,
      (person) => person.post('/two-factor/challenge', { phoneId: randomUUID() }),
    ],
    ['the code that was sent', 200, (person) => person.post('/two-factor/challenge')],
    [
      'the code page again',
      200,
      async (person) => person.get(`/two-factor/challenge/${await challenged(person)}`),
    ],
    [
      'a new code too soon',
      429,
      async (person) => person.post('/two-factor/resend', { requestId: await challenged(person) }),
    ],
    ['a wrong code', 422, async (person) => person.types(await challenged(person), person.wrongCode)],
    ['an unknown request', 404, (person) => person.types(randomUUID(), '123456')],
  ];
  it.each(beforeTheFactor)('names the account and has a way out: %s', async (_name, status, visit) => {
    const person = await waiting();
    const answer = await visit(person);
    expect(answer.status).toBe(status);
    mustName(person, answer);
  });

  const afterTheFactor: [string, number, (person: Visitor) => Promise<Answer>][] = [
    ['the settings', 200, (person) => person.get('/two-factor/settings')],
    ['a factor that is none', 404, (person) => person.post(`/two-factor/phones/${randomUUID()}/remove`)],
    ['an app to set up', 200, (person) => person.post('/two-factor/authenticators', { label: '' })],
    [
      'a wrong code of that app',
      422,
      async (person) => {
        await person.post('/two-factor/authenticators', { label: '' });
        return person.post('/two-factor/authenticators/confirm', { otpCode: '000000' });
      },
    ],
    ['the recovery codes', 200, (person) => person.post('/two-factor/recovery-codes')],
    ['a number that is none', 422, (person) => person.post('/two-factor/phones', { phoneNumber: '+1' })],
    [
      'the code for a new phone',
      200,
      (person) => person.post('/two-factor/phones', { phoneNumber: '+12025550123' }),
    ],
    ['an act to confirm', 200, async (person) => person.get(`/two-factor/step-up/${await grantOf(person)}`)],
    [
      'the code for an act',
      200,
      async (person) => person.post(`/two-factor/step-up/${await grantOf(person)}/challenge`),
    ],
    ['nothing to confirm', 404, (person) => person.get(`/two-factor/step-up/${randomUUID()}`)],
  ];
  it.each(afterTheFactor)('names the account and has a way out: %s', async (_name, status, visit) => {
    const person = await inBrowser();
    const answer = await visit(person);
    expect(answer.status).toBe(status);
    mustName(person, answer);
  });

  it('other pages do not', async () => {
    const person = await inBrowser();
    for (const path of ['/', '/sign-in']) expect((await person.get(path)).text).not.toMatch(WAY_OUT);
  });

  it.each(['/account', '/account/sessions', '/account/password', '/account/payment', '/account/users'])(
    'the host’s pages of who is signed in do: %s',
    async (path) => {
      const person = await inBrowser();
      const { text } = await person.get(path);
      expect(ACCOUNT.exec(text)?.[1]).toBe(masked(person));
      expect(text).toMatch(WAY_OUT);
    },
  );

  it('the way out leads to the sign-in page, where another account can sign in', async () => {
    const person = await waiting();
    const old = person.cookieHeader();
    const left = await person.post('/two-factor/sign-out');
    expect([left.status, left.headers.get('location')]).toEqual([303, '/sign-in']);
    const { headers } = await application.client.html('GET', '/two-factor', undefined, { Cookie: old });
    expect(headers.get('location')).toMatch(/^\/sign-in/);

    const other = await waiting();
    const answer = await person.post('/sign-in', { email: other.email, password: other.password });
    expect(answer.headers.get('location')).toMatch(/^\/two-factor/);
    mustName(other, await person.get('/two-factor'));
  });

  it('who is signed in is not asked again, by sign-in, sign-up or the choice of factors', async () => {
    const person = await inBrowser();
    const goal = '/account/sessions';
    for (const path of ['/sign-in', '/sign-up', '/two-factor']) {
      expect((await person.get(path)).headers.get('location')).toBe('/account');
      const led = await person.get(`${path}?returnTo=${goal}`);
      expect([led.status, led.headers.get('location')]).toEqual([303, goal]);
      const elsewhere = await person.get(`${path}?returnTo=//evil.example`);
      expect(elsewhere.headers.get('location')).toBe('/account');
    }
    const half = await waiting();
    for (const path of ['/sign-in', '/sign-up'])
      expect((await half.get(path)).headers.get('location')).toBe('/two-factor?returnTo=%2Faccount');
    expect((await half.get('/two-factor')).status).toBe(200);
    const nobody = new Visitor(application, 'html');
    for (const path of ['/sign-in', '/sign-up']) expect((await nobody.get(path)).status).toBe(200);
  });

  it('who has to show a factor again is asked, and not led in circles', async () => {
    const person = await inBrowser();
    await application.sql.query(
      `UPDATE host_sessions SET sess = replace(sess::text, '"method":"sms"', '"method":"browser"')::json
        WHERE user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
      [person.email],
    );
    const refused = await person.get('/account/payment');
    const choice = refused.headers.get('location')!;
    expect(choice).toBe('/two-factor?returnTo=%2Faccount%2Fpayment&again=yes');
    expect((await person.get(choice)).status).toBe(200);
    const wrong = await person.post('/two-factor/code?returnTo=/account/payment', {
      factor: 'recovery',
      otpCode: 'zz-zz-zzzz-zzzzzz',
    });
    mustName(person, wrong);
  });

  it('the account page tells the factors, the sessions and what happened lately', async () => {
    const person = await inBrowser();
    const other = await person.elsewhere().isSignedIn();
    const asProgram = async () =>
      (await application.client.json('GET', '/account', undefined, { Cookie: person.cookieHeader() })).body;
    const types = async () =>
      ((await asProgram())['activity'] as { type: string }[]).map(({ type }) => type).sort();
    await until(async () => (await types()).length === 3);
    expect(await types()).toEqual(['phone-added', 'signed-in', 'signed-in']);

    const { text } = await person.get('/account');
    const hint = `+1 ••• ••• ••${person.phoneNumber.slice(-2)}`;
    expect(text).toContain(`<li>Phone <bdi dir="ltr" class="number">${hint}</bdi></li>`);
    expect(text).toContain(`<li>Phone added (<bdi>${hint}</bdi>)`);
    expect(text).toMatch(/<li>Signed in \(<bdi>[^<]*127\.0\.0\.0\/24<\/bdi>\)/);
    expect(text).not.toContain(person.phoneNumber);
    expect(text).not.toMatch(/host\.(activity|factor|method)\./);

    const { sessions } = (await asProgram()) as { sessions: { id: string; current: boolean }[] };
    expect(sessions.map(({ current }) => current).sort()).toEqual([false, true]);
    for (const { id } of sessions) expect(text).toContain(`action="/account/sessions/${id}/end"`);
    const { id } = sessions.find(({ current }) => !current)!;
    expect((await person.post(`/account/sessions/${id}/end`)).status).toBe(303);
    expect((await other.get('/account')).headers.get('location')).toMatch(/^\/sign-in/);
  });

  it('so do programs: the account in the responses, and the same way out', async () => {
    const person = await (await new Visitor(application).signsUp()).enrols();
    expect((await person.get('/two-factor/settings')).body['account']).toBe(masked(person));
    const other = person.elsewhere();
    await other.signsIn();
    expect((await other.get('/two-factor')).body['account']).toBe(masked(person));
    const old = other.cookieHeader();
    expect((await other.post('/two-factor/sign-out')).status).toBe(204);
    const again = await application.client.json('GET', '/two-factor', undefined, { Cookie: old });
    expect(codeOf(again)).toEqual([401, 'sign-in-required']);
  });

  it('nobody needs to be signed in to leave', async () => {
    const stranger = new Visitor(application);
    expect((await stranger.post('/two-factor/sign-out')).status).toBe(204);
    expect((await stranger.elsewhere().post('/two-factor/sign-out')).status).toBe(204);
  });
});

it('the page of a limit names the account too', async () => {
  const application = await startApplication({ THROTTLE_SESSION: '2/600', RESEND_COOLDOWN_SECONDS: '0' });
  try {
    const person = await new Visitor(application, 'html').signsUp();
    for (let post = 0; post < 2; post += 1) await person.post('/two-factor/authenticators', { label: '' });
    const refused = await person.post('/two-factor/authenticators', { label: '' });
    expect(refused.status).toBe(429);
    expect(refused.text).toMatch(ACCOUNT);
  } finally {
    await application.close();
  }
});
