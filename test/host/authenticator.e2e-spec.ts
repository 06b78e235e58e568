import { generate } from 'otplib';
import { startApplication, type TestApplication } from '../support/application.js';
import { codeOf, mustBe, settingsOf, Visitor } from './visitor.js';

describe('an authenticator app', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const someone = () => new Visitor(application).signsUp();
  const setUp = async (person: Visitor) => {
    const { secret } = mustBe(await person.post('/two-factor/authenticators', { label: 'App' }), 'setting up')
      .body as { secret: string };
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
    await application.sql.query('UPDATE otp_authenticators SET last_step = last_step - 10');
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
    const { rows } = await application.sql.query('SELECT * FROM otp_authenticators');
    expect(JSON.stringify(rows)).not.toContain(secret);
  });
});
