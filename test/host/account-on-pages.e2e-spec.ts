import { randomUUID } from 'node:crypto';
import { startApplication, type TestApplication } from '../support/application.js';
import type { Answer } from '../support/client.js';
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
