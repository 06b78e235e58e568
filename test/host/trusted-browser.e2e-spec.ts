import { startApplication, type TestApplication } from '../support/application.js';
import { rawRequest } from '../support/raw-request.js';
import { codeOf, mustBe, PASSWORD, settingsOf, Visitor } from './visitor.js';

describe('a trusted browser', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const enrolled = async () => (await new Visitor(application).signsUp()).enrols();
  const trusting = async () => {
    const person = await enrolled();
    const browser = person.elsewhere();
    await browser.signsIn();
    mustBe(
      await browser.types(await browser.isChallenged(), browser.code, { trustBrowser: 'on' }),
      'the code',
    );
    browser.cookies.delete('session');
    return { person, browser };
  };

  it('is not asked at the next sign-in, but for a step-up', async () => {
    const { browser } = await trusting();
    const before = browser.cookies.get('__Host-trusted-browser');
    expect((await browser.signsIn()).body).toMatchObject({
      pending: false,
      level: 'two-factor',
      amr: ['pwd'],
    });
    expect((await browser.get('/account')).status).toBe(200);
    expect(codeOf(await browser.get('/account/payment'))).toEqual([403, 'second-factor-required']);
    expect(browser.cookies.get('__Host-trusted-browser')).not.toBe(before);
  });

  it('is asked again with a copy of an older cookie, and so is the one it was copied from', async () => {
    const { browser } = await trusting();
    const copied = browser.cookies.get('__Host-trusted-browser')!;
    await browser.signsIn();
    const thief = browser.elsewhere();
    thief.cookies.set('__Host-trusted-browser', copied);
    expect((await thief.signsIn()).body).toMatchObject({ pending: true });
    browser.cookies.delete('session');
    expect((await browser.signsIn()).body).toMatchObject({ pending: true });
  });

  it('types in one sign-in the code that it asked for in another', async () => {
    const { browser } = await trusting();
    await browser.signsIn();
    const requestId = await browser.isChallenged();
    browser.cookies.delete('session');
    await browser.signsIn();
    mustBe(await browser.types(requestId, browser.code), 'the code');
  });

  it('is asked when somebody else signs in there', async () => {
    const { browser } = await trusting();
    const other = await enrolled();
    browser.cookies.delete('session');
    const answer = await browser.post('/sign-in', { email: other.email, password: PASSWORD });
    expect(answer.body).toMatchObject({ pending: true });
    browser.cookies.delete('session');
    expect((await browser.signsIn()).body).toMatchObject({ pending: false });
  });

  it('is asked again when it was revoked, or the factors have changed', async () => {
    const { person, browser } = await trusting();
    const [trusted] = (await settingsOf(person)).trustedBrowsers;
    mustBe(await person.post(`/two-factor/browsers/${trusted!.id}/revoke`), 'revoking');
    expect((await browser.signsIn()).body).toMatchObject({ pending: true });

    const again = await trusting();
    await again.person.enrols();
    expect((await again.browser.signsIn()).body).toMatchObject({ pending: true });
    expect((await settingsOf(again.person)).trustedBrowsers).toEqual([]);
  });

  describe.each(['json', 'html'] as const)('the sessions that came in through it (%s)', (kind) => {
    const cameIn = async () => {
      const person = await (await new Visitor(application, kind).signsUp()).enrols();
      const browser = person.elsewhere();
      await browser.signsIn();
      mustBe(
        await browser.types(await browser.isChallenged(), browser.code, { trustBrowser: 'on' }),
        'a code',
      );
      const copied = browser.cookies.get('__Host-trusted-browser')!;
      await browser.signsIn();
      expect(await isIn(browser)).toBe(true);
      return { person, browser, copied };
    };
    const isIn = async (each: Visitor) => (await each.get('/account')).status === 200;
    const isNobody = async (each: Visitor) => {
      const answers = [await each.get('/account'), await each.get('/two-factor')];
      return answers.every(({ status, headers }) =>
        kind === 'json' ? status === 401 : status === 303 && headers.get('location')!.startsWith('/sign-in'),
      );
    };
    const browsersOf = async ({ email }: Visitor) =>
      (
        await application.sql.query<{ id: string }>(
          `SELECT b.id FROM otp_trusted_browsers b JOIN host_users u ON u.id::text = b.user_id WHERE u.email = $1`,
          [email],
        )
      ).rows;

    it.each(['one', 'all'])('end when its trust is revoked (%s), and no other does', async (what) => {
      const { person, browser } = await cameIn();
      const other = await person.elsewhere().isSignedIn();
      const [trusted] = await browsersOf(person);
      const path = what === 'one' ? `${trusted!.id}/revoke` : 'revoke';
      mustBe(await person.post(`/two-factor/browsers/${path}`), 'revoking');
      expect(await isNobody(browser)).toBe(true);
      expect([await isIn(person), await isIn(other)]).toEqual([true, true]);
    });

    it('end when a copy of its cookie is found out, the thief’s and the owner’s', async () => {
      const { person, browser, copied } = await cameIn();
      // The thief was first: his session came in by the owner's newest cookie.
      const thief = person.elsewhere();
      thief.cookies.set('__Host-trusted-browser', browser.cookies.get('__Host-trusted-browser')!);
      await thief.signsIn();
      expect(await isIn(thief)).toBe(true);
      const again = person.elsewhere();
      again.cookies.set('__Host-trusted-browser', copied);
      await again.signsIn();
      expect(await isIn(again)).toBe(false);
      expect([await isNobody(thief), await isNobody(browser)]).toEqual([true, true]);
      expect(await isIn(person)).toBe(true);
    });

    it('end also when a real factor was shown in them since', async () => {
      const { person, browser } = await cameIn();
      mustBe(await browser.types(await browser.isChallenged(), browser.code), 'a code');
      mustBe(await person.post('/two-factor/browsers/revoke'), 'revoking');
      expect(await isNobody(browser)).toBe(true);
    });

    it('outlive a change of factors that was made in them', async () => {
      const { person, browser } = await cameIn();
      mustBe(await browser.types(await browser.isChallenged(), browser.code), 'a code');
      mustBe(await browser.post('/two-factor/recovery-codes'), 'new recovery codes');
      expect(await isIn(browser)).toBe(true);
      expect(await isNobody(person)).toBe(true);
    });
  });
});

describe('over plain HTTP', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0', TRUST_PROXY: 'loopback' });
  });
  afterAll(() => application.close());

  /** How the browser reaches the application, and whether it keeps a cookie that is for HTTPS only. */
  const WAYS: [string, boolean, Record<string, string>][] = [
    ['on localhost', true, { Host: 'localhost:3000' }],
    ['on a subdomain of localhost', true, { Host: 'app.localhost:3000' }],
    ['on 127.0.0.1', true, { Host: '127.0.0.1:3000' }],
    ['on [::1]', true, { Host: '[::1]:3000' }],
    ['over HTTPS', true, { Host: 'login.example.com', 'X-Forwarded-Proto': 'https' }],
    ['by a name', false, { Host: 'intranet.example:3000' }],
    ['by a name like localhost', false, { Host: 'localhost.example:3000' }],
    ['by an address', false, { Host: '192.168.1.7:3000' }],
    ['through a proxy on plain HTTP', false, { Host: 'intranet.example', 'X-Forwarded-Proto': 'http' }],
    [
      'through a proxy on plain HTTP that calls us localhost',
      false,
      { Host: 'localhost:3000', 'X-Forwarded-For': '203.0.113.7' },
    ],
  ];
  const signedInBy = async (headers: Record<string, string>) => {
    const person = await (await new Visitor(application).signsUp()).enrols();
    const browser = person.elsewhere();
    const own = headers['X-Forwarded-Proto'] === 'https' ? 'https' : 'http';
    const call = async (method: string, path: string, fields?: Record<string, string>, kind = 'json') => {
      const answer = await rawRequest(application.url + path, {
        method,
        headers: { ...headers, Origin: `${own}://${headers['Host']}`, Cookie: browser.cookieHeader() },
        ...(fields ? { [kind]: fields } : {}),
      });
      for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
        browser.cookies.set(name!, value!);
      }
      return answer;
    };
    const answer = await call('POST', '/sign-in', { email: person.email, password: PASSWORD });
    expect([answer.status, answer.body['pending']]).toEqual([200, true]);
    return { person, browser, call };
  };

  it.each(WAYS)('%s: offered %s', async (_name, isOffered, headers) => {
    const { person, browser, call } = await signedInBy(headers);
    expect((await call('GET', '/two-factor')).body['trustBrowserDays']).toBe(isOffered ? 30 : null);
    const started = await call('POST', '/two-factor/challenge', {}, 'form');
    expect([started.status, started.text.includes('name="trustBrowser"')]).toEqual([200, isOffered]);
    // Whoever asks for it all the same is let in, and is asked again the next time.
    const requestId = /name="requestId" value="([^"]+)"/.exec(started.text)![1]!;
    const fields = { requestId, otpCode: person.code, trustBrowser: 'on' };
    expect((await call('POST', '/two-factor/verify', fields)).status).toBe(200);
    expect(browser.cookies.has('__Host-trusted-browser')).toBe(isOffered);
    expect(browser.cookies.has('__Host-known-browser')).toBe(isOffered);
    expect((await call('GET', '/two-factor/settings')).body['trustedBrowsers']).toHaveLength(
      isOffered ? 1 : 0,
    );
  });
});
