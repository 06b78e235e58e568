import { type Browser } from 'playwright-core';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import { inBrowser, Inspection, launchChromium, openWindow } from './support/chromium.js';

inBrowser('the language of a page', () => {
  let application: TestApplication;
  let browser: Browser;
  beforeAll(async () => {
    application = await startApplication();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await application?.close();
  });

  it('is chosen without JavaScript, on the page with the code too', async () => {
    const { page, context } = await openWindow(browser, application.url, { javaScriptEnabled: false });
    await page.locator('#phoneNumber').fill(freshNumber());
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
    await page.getByLabel('Language').selectOption('ja');
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByRole('heading', { name: 'コードを入力' }).waitFor();
    await context.close();
  });

  it.each(['ar', 'de', 'ja'])('axe finds nothing in %s, and nothing scrolls sideways', async (locale) => {
    const { page, context, problems } = await openWindow(browser, application.url, { locale });
    const inspection = new Inspection(page);
    await inspection.look('phone form');
    await page.locator('#phoneNumber').fill('12');
    await page.locator('main button').first().click();
    await page.getByRole('alert').waitFor();
    await inspection.look('phone form with an error');
    await page.locator('#phoneNumber').fill(freshNumber());
    await page.locator('main button').first().click();
    await page.locator('input.code').waitFor();
    await inspection.look('code page');
    await page.goto(`${application.url}/sign-in`);
    await inspection.look('sign-in');
    expect(inspection.faulty).toEqual([]);
    expect(problems).toEqual([]);
    await context.close();
  });
});
