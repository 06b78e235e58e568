import type { Page } from 'playwright-core';
import { ApplicationInBrowser } from '../support/application-in-browser.js';
import type { TestApplication } from '../support/application.js';
import { enterCode, inBrowser } from '../support/chromium.js';
import { appCode } from './person-in-browser.js';
import { mustBe, PASSWORD, Visitor } from './visitor.js';

const INTRANET = 'intranet.example';

inBrowser('what people paste and where they come from, in a real browser', () => {
  const windows = new ApplicationInBrowser({ RESEND_COOLDOWN_SECONDS: '0' }, [INTRANET]);
  let application: TestApplication;
  beforeAll(async () => {
    application = await windows.start();
  });
  afterEach(() => windows.closeWindow());
  afterAll(() => windows.stop());

  const enrolled = async () => (await new Visitor(application).signsUp()).enrols();
  /** Shows the page of the second factor of somebody who has just typed the password. */
  const signsIn = async ({ email }: Visitor, host = '127.0.0.1'): Promise<Page> => {
    const { port } = new URL(application.url);
    const page = await windows.open({}, `http://${host}:${port}/sign-in`);
    await page.getByLabel('Email address', { exact: true }).fill(email);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Confirm it’s you' }).waitFor();
    return page;
  };
  const asksForText = async (page: Page) => {
    await page.getByRole('button', { name: 'Text me a code' }).click();
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
  };
  const pastes = async (page: Page, label: string, text: string) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    await page.getByLabel(label, { exact: true }).focus();
    await page.keyboard.press('Control+V');
    await page.getByRole('button', { name: 'Verify' }).click();
  };
  const isIn = (page: Page) => page.getByRole('heading', { name: 'Your account' }).waitFor();

  it('a message on several lines, longer than any code, can be pasted', async () => {
    const person = await enrolled();
    const page = await signsIn(person);
    await asksForText(page);
    const message = `MyApp: your code is\n${person.code}\n5 minutes left.\n${'Do not share it. '.repeat(40)}`;
    await pastes(page, 'Code', message);
    await isIn(page);
  });

  it('so can a code of an app with what its app puts around it', async () => {
    const person = await enrolled();
    const { secret } = mustBe(await person.post('/two-factor/authenticators', { label: '' }), 'an app').body;
    const otpCode = await appCode(secret as string);
    mustBe(await person.post('/two-factor/authenticators/confirm', { otpCode }), 'confirming');
    const page = await signsIn(person);
    await pastes(page, 'Code from your authenticator app', `\u2068MyApp\u2069: ${otpCode}`);
    await page.getByText('wait for the next code in your app').first().waitFor();
    const next = await appCode(secret as string, 1);
    await pastes(
      page,
      'Code from your authenticator app',
      `\u2068MyApp\u2069: ${next.replace(/^.../, '$&\u00a0')}`,
    );
    await isIn(page);
  });

  it.each([
    ['127.0.0.1', true],
    ['localhost', true],
    [INTRANET, false],
  ])('plain HTTP on %s: Chromium keeps the cookie of a trusted browser: %s', async (host, isKept) => {
    const person = await enrolled();
    const page = await signsIn(person, host);
    await asksForText(page);
    const box = page.getByLabel('Don’t ask in this browser');
    expect(await box.isVisible()).toBe(isKept);
    if (isKept) await box.check();
    await enterCode(page, person.code);
    await isIn(page);
    const cookies = await page.context().cookies();
    expect(cookies.some(({ name }) => name === '__Host-trusted-browser')).toBe(isKept);
    await page.goto(new URL('/two-factor/settings', page.url()).href);
    expect(await page.getByRole('heading', { name: 'Trusted browsers' }).isVisible()).toBe(isKept);
  });

  it('somebody else’s sign-in is left at one press', async () => {
    const person = await enrolled();
    const page = await signsIn(person);
    await page.getByText(/Signed in as p•••@example\.com/).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(new URL('/two-factor', page.url()).href);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });
});
