import type { BrowserContextOptions, Page } from 'playwright-core';
import { ApplicationInBrowser } from './support/application-in-browser.js';
import { freshNumber, type TestApplication, wrongCode } from './support/application.js';
import { enterCode, inBrowser, SCRIPTING } from './support/chromium.js';
import { until } from './support/until.js';

inBrowser('in a real browser', () => {
  const windows = new ApplicationInBrowser({ RESEND_COOLDOWN_SECONDS: '2' });
  let application: TestApplication;
  beforeAll(async () => {
    application = await windows.start();
  });
  afterEach(() => windows.closeWindow());
  afterAll(() => windows.stop());
  const open = (options: BrowserContextOptions = {}) => windows.open(options);

  const startWith = async (page: Page, phoneNumber: string) => {
    await page.getByLabel('Phone number').fill(phoneNumber);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
  };

  it.each(SCRIPTING)('someone proves a number, after a mistake, %s', async (_name, javaScriptEnabled) => {
    const page = await open({ javaScriptEnabled });
    const phoneNumber = freshNumber();
    await startWith(page, phoneNumber);
    const code = application.codeFor(phoneNumber);

    await enterCode(page, wrongCode(code));
    await page.getByText('That code isn’t right. You have 2 tries left.').first().waitFor();
    expect(await page.title()).toBe('Error: Enter your code · MyApp');
    expect(await page.getByText(`+1 ••• ••• ••${phoneNumber.slice(-2)}`).isVisible()).toBe(true);

    await enterCode(page, `${code.slice(0, 3)} ${code.slice(3)}`);
    await page.getByRole('heading', { name: 'Phone number verified' }).waitFor();
    expect(windows.problems).toEqual([]);
  });

  it('a button that cannot be undone takes no click of a double click that has opened its page', async () => {
    const page = await open();
    const browser = await page.context().newCDPSession(page);
    await browser.send('Animation.enable');
    await browser.send('Animation.setPlaybackRate', { playbackRate: 0 });
    await page.goto(`${application.url}/components`);
    const button = page.getByRole('button', { name: 'Danger', exact: true });
    const takesClicks = () =>
      button.evaluate(
        (each) => each.ownerDocument.defaultView!.getComputedStyle(each).pointerEvents === 'auto',
      );
    expect(await takesClicks()).toBe(false);
    await browser.send('Animation.setPlaybackRate', { playbackRate: 1 });
    await until(takesClicks);
  });

  it('a national number with the country from the list', async () => {
    const page = await open();
    const phoneNumber = freshNumber();
    await page.getByLabel('Country').selectOption('US');
    await startWith(page, phoneNumber.slice(2));
    expect(application.sandbox.ledger(phoneNumber)).toHaveLength(1);
  });

  it('the example follows the country, is valid as it is shown, and no country’s name is cut', async () => {
    const page = await open({ locale: 'de-DE', viewport: { width: 320, height: 640 } });
    const select = page.getByLabel('Land');
    const hint = page.locator('#phoneNumber-hint');
    // Of the browser's language.
    expect(await select.inputValue()).toBe('DE');
    expect(await hint.textContent()).toContain('+49 ');
    for (const [country, begins] of [
      ['FR', '+33 '],
      ['IO', '+246 '],
      ['', '+49 '],
    ] as const) {
      await select.selectOption(country);
      expect(await hint.textContent()).toContain(begins);
      // The box grows with its text.
      expect(await page.evaluate('country.scrollWidth <= country.clientWidth + 1')).toBe(true);
    }
    await select.selectOption('FR');
    const [, national] = /(0\d[\d ]+\d)/.exec((await hint.textContent())!)!;
    await page.getByLabel('Telefonnummer').fill(national!);
    await page.getByRole('button', { name: 'Code senden' }).click();
    await page.waitForURL(/requestId=/);
    expect(await page.getByText('+33').first().isVisible()).toBe(true);
  });

  it('a number is grouped like the example while it is typed, and stays as it is typed otherwise', async () => {
    const page = await open({ locale: 'en-US' });
    const field = page.getByLabel('Phone number');
    const typed = async (country: string, number: string) => {
      await page.getByLabel('Country').selectOption(country);
      await field.clear();
      await field.pressSequentially(number);
      return field.inputValue();
    };
    expect(await typed('US', '4155552671')).toBe('(415) 555-2671');
    expect(await typed('US', '(415) 555-2671')).toBe('(415) 555-2671');
    expect(await typed('FR', '0612345678')).toBe('06 12 34 56 78');
    expect(await typed('FR', '+33612345678')).toBe('+33 6 12 34 56 78');
    // Another country’s, one digit too many, no country.
    expect(await typed('FR', '+491511234567')).toBe('+491511234567');
    expect(await typed('US', '14155552671')).toBe('14155552671');
    expect(await typed('', '4155552671')).toBe('4155552671');
    expect(await typed('US', '12')).toBe('12');
    // A digit in the middle moves nothing.
    await typed('US', '415555267');
    await field.press('Home');
    await field.press('9');
    expect(await field.inputValue()).toBe('9(415) 555-267');
  });

  it('a refused number keeps the input and moves the focus to the summary', async () => {
    const page = await open();
    await page.getByLabel('Phone number').fill('12');
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Phone number').inputValue()).toBe('12');
    expect(await page.evaluate('document.activeElement.id')).toBe('summary');
    await page.getByRole('link', { name: /Enter a mobile number/ }).click();
    expect(await page.evaluate('document.activeElement.id')).toBe('phoneNumber');
  });

  it('the resend button waits for its time, then says so once', async () => {
    const page = await open();
    const phoneNumber = freshNumber();
    await startWith(page, phoneNumber);
    await page.getByText('Didn’t get a code?').click();
    const resend = page.getByRole('button', { name: 'Send a new code' });
    expect(await resend.isDisabled()).toBe(true);
    await page.getByText('You can request a new code now.').waitFor();
    expect(await resend.isEnabled()).toBe(true);
    await application.advanceProvider(31);
    await resend.click();
    await page.getByText('We sent a new code.').waitFor();
    expect(application.sandbox.ledger(phoneNumber)).toHaveLength(2);
  });

  it('a double click on "Send code" sends one message', async () => {
    const page = await open();
    const phoneNumber = freshNumber();
    await page.getByLabel('Phone number').fill(phoneNumber);
    await page.getByRole('button', { name: 'Send code' }).dblclick();
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
    expect(application.sandbox.ledger(phoneNumber)).toHaveLength(1);
  });

  it('a form can be sent again when nothing came of it, on a bad line', async () => {
    const page = await open();
    const phoneNumber = freshNumber();
    await page.getByLabel('Phone number').fill(phoneNumber);
    // The browser stays on the page, as many do when a connection breaks.
    await page.route('**/request-otp', (route) => route.fulfill({ status: 204 }), { times: 1 });
    const send = page.getByRole('button', { name: 'Send code' });
    await send.click();
    expect(await send.isDisabled()).toBe(true);
    await send.click();
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
    expect(application.sandbox.ledger(phoneNumber)).toHaveLength(1);
  });

  it('changing the number ends the request and shows an empty form', async () => {
    const page = await open();
    await startWith(page, freshNumber());
    await page.getByText('Didn’t get a code?').click();
    await page.getByRole('button', { name: 'Use another number' }).click();
    await page.getByText('Code cancelled.').waitFor();
    expect(await page.getByLabel('Phone number').inputValue()).toBe('');
  });

  it('reloading the code page by its address shows it again', async () => {
    const page = await open();
    await startWith(page, freshNumber());
    const requestId = await page.locator('input[name=requestId]').first().inputValue();
    await page.goto(`${application.url}/verify-otp?requestId=${requestId}`);
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
  });

  it('the code page weighs at most 30 kB in at most 4 requests', async () => {
    const { requestId } = await application.started();
    const page = await windows.open({}, 'about:blank');
    const bodies: Promise<Buffer>[] = [];
    page.on('response', (response) => bodies.push(response.body()));
    await page.goto(`${application.url}/verify-otp?requestId=${requestId}`);
    await page.waitForLoadState('networkidle');
    const sizes = (await Promise.all(bodies)).map((body) => body.length);
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes.length).toBeLessThanOrEqual(4);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(30_000);
  });

  it('the phone shows a message as it arrives, without a reload', async () => {
    const page = await open();
    await page.goto(application.sandbox.url);
    const phoneNumber = freshNumber();
    await application.client.json('POST', '/request-otp', { phoneNumber });
    await page.getByText(application.codeFor(phoneNumber), { exact: true }).first().waitFor();
    expect(windows.problems).toEqual([]);
  });
});
