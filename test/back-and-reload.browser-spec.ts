import type { BrowserContextOptions, Page } from 'playwright-core';
import { ApplicationInBrowser } from './support/application-in-browser.js';
import { freshNumber, type TestApplication, wrongCode } from './support/application.js';
import { enterCode, inBrowser, SCRIPTING } from './support/chromium.js';

/** Posts nothing again: no dialog, no browser error, and nothing is sent or checked twice. */
inBrowser('Back, a reload, the address bar and a second tab', () => {
  const windows = new ApplicationInBrowser();
  let application: TestApplication;
  beforeAll(async () => {
    application = await windows.start();
  });
  afterEach(() => windows.closeWindow());
  afterAll(() => windows.stop());
  const open = (options: BrowserContextOptions) => windows.open(options);

  const sees = (page: Page, heading: string) =>
    page.getByRole('heading', { name: heading, level: 1 }).waitFor();
  const pathOf = (page: Page) => page.url().slice(application.url.length);
  const startWith = async (page: Page, phoneNumber: string) => {
    await page.getByLabel('Phone number').fill(phoneNumber);
    await page.getByRole('button', { name: 'Send code' }).click();
    await sees(page, 'Enter your code');
  };
  const messages = (phoneNumber: string) => application.sandbox.ledger(phoneNumber).length;

  describe.each(SCRIPTING)('%s', (_name, javaScriptEnabled) => {
    afterEach(() => expect(windows.problems).toEqual([]));

    it('on the code page send nothing and keep the page', async () => {
      const page = await open({ javaScriptEnabled });
      const phoneNumber = freshNumber();
      await startWith(page, phoneNumber);
      const address = pathOf(page);
      expect(address).toMatch(/^\/verify-otp\?requestId=[0-9a-f-]{36}$/);
      await page.reload();
      await sees(page, 'Enter your code');
      await page.goto(page.url());
      await sees(page, 'Enter your code');
      await page.goBack();
      await sees(page, 'Verify your phone number');
      await page.goForward();
      await sees(page, 'Enter your code');
      const second = await page.context().newPage();
      await second.goto(application.url + address);
      await sees(second, 'Enter your code');
      expect(messages(phoneNumber)).toBe(1);
    });

    it('after a wrong code show the message once and cost no further try', async () => {
      const page = await open({ javaScriptEnabled });
      const phoneNumber = freshNumber();
      await startWith(page, phoneNumber);
      await enterCode(page, wrongCode(application.codeFor(phoneNumber)));
      await page.getByText('You have 2 tries left.').first().waitFor();
      await page.reload();
      await sees(page, 'Enter your code');
      expect(await page.getByText('You have 2 tries left.').count()).toBe(0);
      // Another one: the same code within a second would be a double click.
      await enterCode(page, wrongCode(wrongCode(application.codeFor(phoneNumber))));
      await page.getByText('You have 1 try left.').first().waitFor();
    });

    it('after success show the result again, and the code page no more', async () => {
      const page = await open({ javaScriptEnabled });
      const phoneNumber = freshNumber();
      await startWith(page, phoneNumber);
      await enterCode(page, application.codeFor(phoneNumber));
      await sees(page, 'Phone number verified');
      await page.reload();
      await sees(page, 'Phone number verified');
      await page.goto(application.sandbox.url);
      await page.goBack();
      await sees(page, 'Phone number verified');
      await page.goBack();
      await page.waitForLoadState();
      expect(page.url()).toContain(application.url);
      expect(messages(phoneNumber)).toBe(1);
    });

    it('after a resend and after a change of the number repeat neither', async () => {
      const page = await open({ javaScriptEnabled });
      const phoneNumber = freshNumber();
      await startWith(page, phoneNumber);
      await application.advanceProvider(31);
      const more = page.getByText('Didn’t get a code?');
      if (await more.count()) await more.click();
      await page.getByRole('button', { name: 'Send a new code' }).click();
      await page.getByText('We sent a new code.').waitFor();
      await page.reload();
      await sees(page, 'Enter your code');
      expect(messages(phoneNumber)).toBe(2);

      if (await more.count()) await more.click();
      await page.getByRole('button', { name: 'Use another number' }).click();
      await page.getByText('Code cancelled.').waitFor();
      await page.reload();
      await sees(page, 'Verify your phone number');
      expect(await page.getByRole('alert').count()).toBe(0);
      expect(messages(phoneNumber)).toBe(2);
    });

    it('after a refused number keep nothing of it in the address', async () => {
      const page = await open({ javaScriptEnabled });
      await page.getByLabel('Phone number').fill('12');
      await page.getByRole('button', { name: 'Send code' }).click();
      await page.getByRole('alert').waitFor();
      expect(pathOf(page)).toBe('/');
      expect(await page.getByLabel('Phone number').inputValue()).toBe('12');
      await page.reload();
      await sees(page, 'Verify your phone number');
      expect(await page.getByRole('alert').count()).toBe(0);
    });

    it('at the address of a form lead to its page', async () => {
      const page = await open({ javaScriptEnabled });
      for (const path of ['/request-otp', '/resend-otp', '/cancel-otp', '/request-otp/']) {
        await page.goto(application.url + path);
        await sees(page, 'Verify your phone number');
      }
    });
  });
});
