import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { mustBe, PASSWORD, Visitor } from './visitor.js';

describe('what was typed into a form that came too late', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const SETTINGS = '/two-factor/settings';
  const PAYMENT = '/account/payment';
  const someone = () => new Visitor(application, 'html').signsUp();
  /** Everything that was shown in the person's sessions was shown an hour earlier. */
  const ages = (person: Visitor) =>
    application.sql.query(
      `UPDATE host_sessions SET sess = regexp_replace(sess::text, '"completedAt":"[^"]+"',
         format('"completedAt":"%s"', to_char(now() AT TIME ZONE 'UTC' - interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
         'g')::json
        WHERE user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
      [person.email],
    );
  const expires = (person: Visitor) =>
    application.sql.query(
      'DELETE FROM host_sessions WHERE user_id = (SELECT id::text FROM host_users WHERE email = $1)',
      [person.email],
    );
  /** Posts a form of a page, and is led to the sign-in page. */
  const isLate = async (person: Visitor, page: string, path: string, fields: Record<string, string>) => {
    const late = await person.submits(path, fields, { Referer: application.url + page });
    expect(late.headers.get('location')).toMatch(/^\/sign-in\?returnTo=/);
    return late;
  };
  const signsInAgain = async ({ email }: Visitor, person: Visitor, returnTo: string) => {
    await person.submits('/sign-in', { email, password: 'a wrong password', returnTo });
    await person.submits('/sign-in', { email, password: PASSWORD, returnTo });
  };
  const valueOf = (text: string, id: string) =>
    RegExp(`<input[^>]*id="${id}"[^>]*>`)
      .exec(text)?.[0]
      .match(/value="([^"]*)"/)?.[1];

  it('is in its form again once the password was typed again, and is shown once', async () => {
    const person = await someone();
    await ages(person);
    const phoneNumber = '+1 415 556 0001';
    await isLate(person, SETTINGS, '/two-factor/phones', { phoneNumber, country: 'GB', label: 'Büro' });
    await signsInAgain(person, person, SETTINGS);
    const { text } = await person.get(SETTINGS);
    expect(['phoneNumber', 'newLabel'].map((id) => valueOf(text, id))).toEqual([phoneNumber, 'Büro']);
    expect(text).toMatch(/value="GB" selected/);
    expect(text).not.toContain('role="alert" tabindex');
    expect(valueOf((await person.get(SETTINGS)).text, 'phoneNumber')).toBe('');
  });

  it('is in its form again after a session that has expired', async () => {
    const person = await someone();
    await person.enrols(freshNumber());
    await expires(person);
    await isLate(person, PAYMENT, PAYMENT, { amount: '40.00', recipient: 'ACME' });
    await signsInAgain(person, person, PAYMENT);
    mustBe(await person.types(await person.isChallenged(), person.code), 'the code');
    const { text } = await person.get(PAYMENT);
    expect(['amount', 'recipient'].map((id) => valueOf(text, id))).toEqual(['40.00', 'ACME']);
  });

  it('comes back for the name of a passkey, which a script asks for', async () => {
    const person = await someone();
    await ages(person);
    const asked = await person.post(
      '/two-factor/passkeys/options',
      { response: '', label: 'My laptop' },
      { Accept: 'application/json', 'Sec-Fetch-Mode': 'cors', Referer: application.url + SETTINGS },
    );
    expect([asked.status, asked.body['next']]).toEqual([401, expect.stringContaining('again=yes')]);
    await signsInAgain(person, person, SETTINGS);
    const { text } = await person.get(SETTINGS);
    expect(['passkeyLabel', 'newLabel'].map((id) => valueOf(text, id))).toEqual(['My laptop', '']);
  });

  it('travels sealed, for ten minutes, for one page, and without passwords', async () => {
    const person = await someone();
    await expires(person);
    const fields = { amount: '40.00', recipient: 'ACME', password: PASSWORD, token: 'secret' };
    const late = await isLate(person, PAYMENT, PAYMENT, fields);
    const [cookie] = late.headers.getSetCookie().filter((each) => each.startsWith('otp-typed='));
    expect(cookie).toMatch(/; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax/);
    expect(cookie).not.toContain('ACME');
    const onlySecrets = await isLate(person, PAYMENT, PAYMENT, { password: PASSWORD });
    expect(onlySecrets.headers.getSetCookie().join()).not.toContain('otp-typed');
    await signsInAgain(person, person, SETTINGS);
    expect((await person.get(SETTINGS)).text).not.toContain('ACME');
    expect(person.cookies.has('otp-typed')).toBe(true);
    person.cookies.set('otp-typed', `${person.cookies.get('otp-typed')!.slice(0, -4)}AAAA`);
    await person.enrols(freshNumber());
    expect(valueOf((await person.get(PAYMENT)).text, 'recipient')).toBe('');
  });

  it('is not kept of forms that only lead on, nor for programs', async () => {
    const person = await someone();
    await expires(person);
    const challenge = await isLate(person, '/two-factor', '/two-factor/challenge', {
      channel: 'sms',
      returnTo: PAYMENT,
    });
    const program = await application.client.json('POST', PAYMENT, { amount: '40.00', recipient: 'ACME' });
    for (const { headers } of [challenge, program])
      expect(headers.getSetCookie().join()).not.toContain('otp-typed');
  });
});
