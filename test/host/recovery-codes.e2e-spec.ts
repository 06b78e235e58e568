import { startApplication, type TestApplication } from '../support/application.js';
import { submitForm } from '../support/submit-form.js';
import { codeOf, mustBe, settingsOf, Visitor } from './visitor.js';

describe('recovery codes', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const enrolled = async () => (await new Visitor(application).signsUp()).enrols();
  const codesOf = async (person: Visitor) =>
    mustBe(await person.post('/two-factor/recovery-codes'), 'making codes').body['recoveryCodes'] as string[];
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
    expect(used.body['next']).toBe('/two-factor/settings');
    expect((await settingsOf(other)).recoveryCodesLeft).toBe(9);
    const third = person.elsewhere();
    await third.signsIn();
    expect(codeOf(await uses(third, codes[0]!))).toEqual([422, 'wrong-code']);
  });

  it('are on a page without the menu of languages, which would lose them', async () => {
    const person = await (await new Visitor(application, 'html').signsUp()).enrols();
    const menu = 'action="/otp-assets/language"';
    expect((await person.get('/two-factor/recovery-codes')).text).toContain(menu);
    const made = await submitForm(
      `${application.url}/two-factor/recovery-codes`,
      {},
      { Cookie: person.cookieHeader() },
    );
    person.learn(made.headers);
    const shown = await person.get(made.headers.get('location')!);
    const answered = await person.post('/two-factor/recovery-codes');
    for (const { text } of [shown, answered]) {
      expect(text).toContain('<ol class="codes"');
      expect(text).not.toContain(menu);
    }
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
    const { rows } = await application.sql.query<{ hash: string }>('SELECT hash FROM otp_recovery_codes');
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
      `INSERT INTO otp_user_wrong_codes (user_id, confirmed, locked_at)
       SELECT user_id, true, now() FROM otp_enrolled_phones ORDER BY created_at DESC LIMIT 1`,
    );
    const other = person.elsewhere();
    await other.signsIn();
    expect((await other.post('/two-factor/challenge')).status).toBe(429);
    expect((await uses(other, code!)).status).toBe(200);
  });
});
