import { generate } from 'otplib';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { mustBe, PASSWORD, requestIdOf, Visitor } from './visitor.js';

describe('a user’s factors', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const someone = () => new Visitor(application).signsUp();
  const enrolled = async () => (await someone()).enrols();
  const settingsOf = async (person: Visitor) =>
    (await person.get('/two-factor/settings')).body as {
      factors: { id: string; method: string; hint: string; label: string; primary: boolean }[];
      recoveryCodesLeft: number;
      trustedBrowsers: { id: string }[];
    };
  /** Makes what was shown in a session older than it is. */
  const age = (person: Visitor, seconds: number) =>
    application.sql.query(
      `UPDATE host_sessions SET sess = jsonb_set(sess::jsonb, '{twoFactor,authentications}',
         (SELECT jsonb_agg(jsonb_set(a, '{completedAt}', to_jsonb(to_char((a->>'completedAt')::timestamptz
            - make_interval(secs => $2), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))) FROM jsonb_array_elements(sess::jsonb->'twoFactor'->'authentications') a))::json
        WHERE sid = $1`,
      [decodeURIComponent(person.session!).replace(/^s:([^.]+)\..*$/, '$1'), seconds],
    );
  const codeOf = (answer: { status: number; body: Record<string, unknown> }) => [
    answer.status,
    answer.body['code'],
  ];

  it('the password alone is worth nothing after ten minutes', async () => {
    const person = (await enrolled()).elsewhere();
    await person.signsIn();
    expect((await person.get('/two-factor')).status).toBe(200);
    await age(person, 601);
    expect(codeOf(await person.get('/two-factor'))).toEqual([401, 'sign-in-required']);
  });

  describe('phones', () => {
    it('a number counts once it is proven; an enrolment that was given up locks nobody out', async () => {
      const person = await someone();
      mustBe(await person.post('/two-factor/phones', { phoneNumber: freshNumber() }), 'enrolling');
      expect((await settingsOf(person)).factors).toEqual([]);
      const again = person.elsewhere();
      expect((await again.signsIn()).body).toMatchObject({ level: 'first-factor', pending: false });
      expect((await again.get('/account')).status).toBe(200);
    });

    it('proving the first one signs this session in with both factors, under a new id', async () => {
      const person = await someone();
      const before = person.session;
      await person.enrols();
      expect(person.session).not.toBe(before);
      expect((await person.get('/account')).body['assurance']).toMatchObject({ amr: ['pwd', 'sms', 'mfa'] });
    });

    it('enrolling ends the user’s other sessions', async () => {
      const person = await someone();
      const other = person.elsewhere();
      await other.signsIn();
      expect((await other.get('/account')).status).toBe(200);
      await person.enrols();
      expect(codeOf(await other.get('/account'))).toEqual([401, 'sign-in-required']);
      expect((await person.get('/account')).status).toBe(200);
    });

    it('a second one: spellings are one number, the first stays preferred, and it can be preferred and removed', async () => {
      const person = await enrolled();
      const first = person.phoneNumber;
      await person.enrols();
      const [one, two] = (await settingsOf(person)).factors;
      expect([one!.primary, two!.primary]).toEqual([true, false]);

      const spelled = `00${first.slice(1, 2)} (${first.slice(2, 5)}) ${first.slice(5)}`;
      await application.advanceProvider(600);
      await application.sql.query(`UPDATE phone_guards SET live_until = now()`);
      const started = mustBe(await person.post('/two-factor/phones', { phoneNumber: spelled }), 'enrolling');
      const fields = { requestId: requestIdOf(started), otpCode: application.codeFor(first) };
      mustBe(await person.post('/two-factor/phones/verify', fields), 'proving');
      expect((await settingsOf(person)).factors).toHaveLength(2);

      mustBe(await person.post(`/two-factor/phones/${two!.id}/primary`), 'preferring');
      expect((await settingsOf(person)).factors[0]!.id).toBe(two!.id);
      mustBe(await person.post(`/two-factor/phones/${two!.id}/label`, { label: 'Work' }), 'naming');
      expect((await settingsOf(person)).factors[0]!.label).toBe('Work');
      mustBe(await person.post(`/two-factor/phones/${two!.id}/remove`), 'removing');
      expect((await settingsOf(person)).factors).toMatchObject([{ id: one!.id, primary: true }]);
    });

    it('a new number takes the place of an old one only when it is proven', async () => {
      const person = await enrolled();
      const [old] = (await settingsOf(person)).factors;
      const phoneNumber = freshNumber();
      const started = mustBe(await person.post('/two-factor/phones', { phoneNumber }), 'enrolling');
      expect((await settingsOf(person)).factors).toHaveLength(1);
      const fields = {
        requestId: requestIdOf(started),
        otpCode: application.codeFor(phoneNumber),
        replaces: old!.id,
      };
      mustBe(await person.post('/two-factor/phones/verify', fields), 'proving');
      expect((await settingsOf(person)).factors).toMatchObject([
        { hint: expect.stringContaining(phoneNumber.slice(-2)) as string, primary: true },
      ]);
      expect((await settingsOf(person)).factors[0]!.id).not.toBe(old!.id);
    });

    it('one number is one user’s', async () => {
      const person = await enrolled();
      const thief = await someone();
      await application.sql.query(`UPDATE phone_guards SET live_until = now()`);
      const started = mustBe(
        await thief.post('/two-factor/phones', { phoneNumber: person.phoneNumber }),
        'enrolling',
      );
      const fields = { requestId: requestIdOf(started), otpCode: application.codeFor(person.phoneNumber) };
      expect(codeOf(await thief.post('/two-factor/phones/verify', fields))).toEqual([409, 'number-taken']);
    });

    it('every change wants a factor shown just now', async () => {
      const person = await enrolled();
      const [phone] = (await settingsOf(person)).factors;
      await age(person, 301);
      for (const path of [
        '/two-factor/phones',
        '/two-factor/phones/verify',
        `/two-factor/phones/${phone!.id}/primary`,
        `/two-factor/phones/${phone!.id}/remove`,
        '/two-factor/recovery-codes',
        '/two-factor/authenticators',
        '/two-factor/browsers/revoke',
      ]) {
        const answer = await person.post(path, { phoneNumber: freshNumber() });
        expect([path, answer.status, answer.body['code'], answer.body['reason']]).toEqual([
          path,
          403,
          'second-factor-required',
          'too-old',
        ]);
      }
      mustBe(await person.types(await person.isChallenged(), person.code), 'the code');
      mustBe(await person.post(`/two-factor/phones/${phone!.id}/remove`), 'removing');
    });

    it('the first factor of all wants a password typed just now', async () => {
      const person = await someone();
      await age(person, 301);
      expect(codeOf(await person.post('/two-factor/phones', { phoneNumber: freshNumber() }))).toEqual([
        401,
        'sign-in-required',
      ]);
    });

    it('somebody else’s phone is unknown', async () => {
      const [phone] = (await settingsOf(await enrolled())).factors;
      const other = await enrolled();
      for (const act of ['primary', 'label', 'remove'])
        expect(codeOf(await other.post(`/two-factor/phones/${phone!.id}/${act}`))).toEqual([
          404,
          'unknown-factor',
        ]);
      expect(codeOf(await other.post('/two-factor/challenge', { phoneId: phone!.id }))).toEqual([
        404,
        'unknown-factor',
      ]);
    });

    it('removing one phone twice at once removes one', async () => {
      const person = await enrolled();
      await person.enrols();
      const [phone] = (await settingsOf(person)).factors;
      const twins = [0, 1].map(() => {
        const twin = person.elsewhere();
        twin.cookies.set('session', person.session!);
        return twin;
      });
      const answers = await Promise.all(
        twins.map((twin) => twin.post(`/two-factor/phones/${phone!.id}/remove`)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    });
  });

  describe('recovery codes', () => {
    const codesOf = async (person: Visitor) =>
      mustBe(await person.post('/two-factor/recovery-codes'), 'making codes').body[
        'recoveryCodes'
      ] as string[];
    const uses = (person: Visitor, otpCode: string) =>
      person.post('/two-factor/code', { factor: 'recovery', otpCode });

    it('are ten, each good once, in any spelling, and lead to a look at the factors', async () => {
      const person = await enrolled();
      const codes = await codesOf(person);
      expect(new Set(codes).size).toBe(10);
      const other = person.elsewhere();
      await other.signsIn();
      const used = await uses(other, codes[0]!.toUpperCase().replaceAll('-', ' '));
      expect(used.body).toMatchObject({ level: 'two-factor', amr: ['pwd', 'recovery', 'mfa'] });
      expect(used.body['next']).toBe('/two-factor/settings?recovered=yes');
      expect((await settingsOf(other)).recoveryCodesLeft).toBe(9);
      const third = person.elsewhere();
      await third.signsIn();
      expect(codeOf(await uses(third, codes[0]!))).toEqual([422, 'wrong-code']);
    });

    it('of two uses at once one counts', async () => {
      const person = await enrolled();
      const [code] = await codesOf(person);
      const browsers = [person.elsewhere(), person.elsewhere()];
      for (const browser of browsers) await browser.signsIn();
      const answers = await Promise.all(browsers.map((browser) => uses(browser, code!)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
    });

    it('a new sheet ends the old one; nothing of a code is in the database', async () => {
      const person = await enrolled();
      const [old] = await codesOf(person);
      const [fresh] = await codesOf(person);
      const other = person.elsewhere();
      await other.signsIn();
      expect((await uses(other, old!)).status).toBe(422);
      const { rows } = await application.sql.query<{ hash: string }>('SELECT hash FROM recovery_codes');
      expect(rows.every(({ hash }) => hash.startsWith('$argon2id$'))).toBe(true);
      expect(JSON.stringify(rows)).not.toContain(fresh!.replaceAll('-', '').slice(2));
      expect((await uses(other, fresh!)).status).toBe(200);
    });

    it('guesses bring a wait, also a hundred at once', async () => {
      const person = await enrolled();
      const [code] = await codesOf(person);
      const other = person.elsewhere();
      await other.signsIn();
      const answers = await Promise.all(Array.from({ length: 30 }, () => uses(other, 'zz-zz-zzzz-zzzzzz')));
      expect(answers.filter(({ status }) => status === 422)).toHaveLength(5);
      const waits = await uses(other, code!);
      expect(codeOf(waits)).toEqual([429, 'rate-limited']);
      expect(Number(waits.headers.get('retry-after'))).toBeGreaterThan(0);
    });

    it('let in whose phone is locked', async () => {
      const person = await enrolled();
      const [code] = await codesOf(person);
      await application.sql.query(
        `INSERT INTO user_guards (user_id, confirmed, locked_at)
         SELECT user_id, true, now() FROM enrolled_phones ORDER BY created_at DESC LIMIT 1`,
      );
      const other = person.elsewhere();
      await other.signsIn();
      expect((await other.post('/two-factor/challenge')).status).toBe(429);
      expect((await uses(other, code!)).status).toBe(200);
    });
  });

  describe('an authenticator app', () => {
    const setUp = async (person: Visitor) => {
      const { secret } = mustBe(
        await person.post('/two-factor/authenticators', { label: 'App' }),
        'setting up',
      ).body as { secret: string };
      return secret;
    };
    const withApp = async () => {
      const person = await someone();
      const secret = await setUp(person);
      mustBe(
        await person.post('/two-factor/authenticators/confirm', { otpCode: await generate({ secret }) }),
        'confirming',
      );
      // The code that confirmed is spent.
      await application.sql.query('UPDATE authenticators SET last_step = last_step - 10');
      return { person, secret };
    };
    const shows = (person: Visitor, otpCode: string) =>
      person.post('/two-factor/code', { factor: 'totp', otpCode });

    it('counts once it has shown a code, and then is demanded', async () => {
      const person = await someone();
      const secret = await setUp(person);
      expect((await settingsOf(person)).factors).toEqual([]);
      expect(codeOf(await person.post('/two-factor/authenticators/confirm', { otpCode: '000000' }))).toEqual([
        422,
        'wrong-code',
      ]);
      mustBe(
        await person.post('/two-factor/authenticators/confirm', { otpCode: await generate({ secret }) }),
        'confirming',
      );
      expect((await person.get('/account')).body['assurance']).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
      const other = person.elsewhere();
      expect((await other.signsIn()).body).toMatchObject({ pending: true });
      expect((await other.get('/account')).status).toBe(403);
    });

    it('lets in, and never twice by the same code', async () => {
      const { person, secret } = await withApp();
      const otpCode = await generate({ secret });
      const browsers = [person.elsewhere(), person.elsewhere(), person.elsewhere()];
      for (const browser of browsers) await browser.signsIn();
      const answers = await Promise.all(browsers.map((browser) => shows(browser, otpCode)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const late = person.elsewhere();
      await late.signsIn();
      expect((await shows(late, otpCode)).status).toBe(422);
    });

    it('guesses bring a wait', async () => {
      const { person, secret } = await withApp();
      const other = person.elsewhere();
      await other.signsIn();
      const answers = await Promise.all(Array.from({ length: 20 }, () => shows(other, '000000')));
      expect(answers.filter(({ status }) => status === 422)).toHaveLength(5);
      expect((await shows(other, await generate({ secret }))).status).toBe(429);
    });

    it('its secret is not readable in the database', async () => {
      const { secret } = await withApp();
      const { rows } = await application.sql.query('SELECT * FROM authenticators');
      expect(JSON.stringify(rows)).not.toContain(secret);
    });
  });

  describe('a trusted browser', () => {
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
  });
});
