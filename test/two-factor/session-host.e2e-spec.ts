import { randomBytes } from 'node:crypto';
import type { TwoFactorNotice } from 'nest-sms-otp';
import { createSessionHost } from '../../examples/session-host.js';
import { ExampleClient, type ExampleHost, startExample } from '../support/example-host.js';

/** Keeps its session cookie. */
class Browser extends ExampleClient {
  cookie: string | undefined;

  constructor(host: ExampleHost, cookie?: string) {
    super(host, {
      headers: (): Record<string, string> => (this.cookie ? { Cookie: this.cookie } : {}),
      learn: (headers) => (this.cookie = headers.getSetCookie()[0]?.split(';')[0] ?? this.cookie),
    });
    this.cookie = cookie;
  }
}

describe('examples/session-host.ts: two-factor sign-in with express-session', () => {
  const told: { userId: string; type: TwoFactorNotice['type'] }[] = [];
  const administrators = new Set<string>();
  let host: ExampleHost;
  beforeAll(async () => {
    host = await startExample((options) =>
      createSessionHost({
        ...options,
        sessionSecret: randomBytes(32).toString('base64url'),
        tell: (userId, { type }) => void told.push({ userId, type }),
        isRequired: (userId) => administrators.has(userId),
      }),
    );
  });
  afterAll(() => host.close());

  it('from the password over the refused route to the second factor: a new cookie that works, an old one that is dead', async () => {
    const { id, email } = await host.newUser();
    const first = new Browser(host);
    await first.signsIn(email);
    const phoneNumber = await first.enrols();
    expect(told).toContainEqual({ userId: id, type: 'phone-added' });

    const browser = new Browser(host);
    const signedIn = await browser.post('/sign-in', {
      email,
      password: 'a password of the tests',
      returnTo: '/account/api-keys',
    });
    expect(signedIn.body).toMatchObject({
      level: 'first-factor',
      pending: true,
      next: '/two-factor?returnTo=%2Faccount%2Fapi-keys',
    });
    const half = browser.cookie!;
    const refused = await browser.get('/account');
    expect([refused.status, refused.body['code']]).toEqual([403, 'second-factor-required']);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_user_authentication"');

    const typed = await browser.isChallenged(phoneNumber);
    const verified = await browser.post('/two-factor/verify', { ...typed, returnTo: '/account/api-keys' });
    expect(verified.body).toMatchObject({ level: 'two-factor', next: '/account/api-keys' });
    expect(browser.cookie).not.toBe(half);
    expect((await browser.get('/account')).body).toEqual({ userId: id, amr: ['pwd', 'sms', 'mfa'] });
    expect((await browser.get('/account/api-keys')).status).toBe(200);
    expect((await new Browser(host, half).get('/account')).status).toBe(401);
    expect((await new Browser(host, half).get('/two-factor')).status).toBe(401);
  });

  it('a person with a browser is led to the page of the second factor', async () => {
    const { email } = await host.newUser();
    const first = new Browser(host);
    await first.signsIn(email);
    await first.enrols();
    const browser = new Browser(host);
    await browser.signsIn(email);
    const page = await browser.get('/account', { Accept: 'text/html' });
    expect([page.status, page.headers.get('location')]).toEqual([303, '/two-factor?returnTo=%2Faccount']);
    expect((await browser.get('/two-factor', { Accept: 'text/html' })).status).toBe(200);
  });

  it('who has to have a second factor gets nowhere before one is enrolled', async () => {
    const { id, email } = await host.newUser();
    administrators.add(id);
    const browser = new Browser(host);
    expect((await browser.signsIn(email)).body).toMatchObject({ pending: true });
    expect((await browser.get('/account')).body['code']).toBe('second-factor-required');
    await browser.enrols();
    expect((await browser.get('/account')).status).toBe(200);
  });

  it('signing out ends the session', async () => {
    const { email } = await host.newUser();
    const browser = new Browser(host);
    await browser.signsIn(email);
    const before = browser.cookie!;
    expect((await browser.post('/sign-out')).status).toBe(204);
    expect((await new Browser(host, before).get('/account')).status).toBe(401);
  });
});
