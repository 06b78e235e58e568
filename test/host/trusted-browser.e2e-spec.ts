import { startApplication, type TestApplication } from '../support/application.js';
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
