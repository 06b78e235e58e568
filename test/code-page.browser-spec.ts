import type { BrowserContextOptions, Page } from 'playwright-core';
import { ApplicationInBrowser } from './support/application-in-browser.js';
import { freshNumber, type TestApplication, wrongCode } from './support/application.js';
import { until } from './support/until.js';
import { enterCode, inBrowser } from './support/chromium.js';

inBrowser('an open code page', () => {
  const windows = new ApplicationInBrowser({ RESEND_COOLDOWN_SECONDS: '5' });
  let application: TestApplication;
  beforeAll(async () => {
    application = await windows.start();
  });
  afterEach(async () => {
    await windows.closeWindow();
    expect(windows.problems).toEqual([]);
  });
  afterAll(() => windows.stop());
  async function started(
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; requestId: string; phoneNumber: string }> {
    const page = await windows.open(options);
    const phoneNumber = freshNumber();
    await page.getByLabel('Phone number').fill(phoneNumber);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByRole('heading', { name: 'Enter your code' }).waitFor();
    return { page, phoneNumber, requestId: new URL(page.url()).searchParams.get('requestId')! };
  }
  const ends = (requestId: string, reason: string) =>
    application.sql.query(
      `UPDATE otp_verification_requests SET status = 'FAILED', reason = $2, ended_at = now() WHERE id = $1`,
      [requestId, reason],
    );

  it('says within seconds that the provider has blocked the message, and offers the way on', async () => {
    const { page, requestId } = await started();
    await ends(requestId, 'fraud-blocked');
    await page.getByRole('heading', { name: 'We couldn’t reach your phone' }).waitFor({ timeout: 15_000 });
    expect(await page.getByLabel('Code', { exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Call me instead' }).waitFor();
    await page.getByRole('link', { name: 'Use another number' }).click();
    await page.getByRole('heading', { name: 'Verify your phone number' }).waitFor();
  });

  it('shows the result when the code was entered in another tab', async () => {
    const { page, phoneNumber, requestId } = await started();
    await page.getByText('Texted at').waitFor();
    await application.client.json(
      'POST',
      '/verify-otp',
      { requestId, otpCode: application.codeFor(phoneNumber) },
      {
        Cookie: (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; '),
      },
    );
    await page.getByRole('heading', { name: 'Phone number verified' }).waitFor({ timeout: 15_000 });
  });

  it('says so once when this browser may not see the code any more', async () => {
    const { page } = await started();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.resourceType()));
    await page.context().clearCookies({ name: 'otp-caller' });
    await page.getByRole('heading', { name: 'We couldn’t find this code' }).waitFor({ timeout: 15_000 });
    expect(asked.filter((type) => type === 'document')).toHaveLength(1);
    expect(await page.locator('[data-watched]').count()).toBe(0);
  });

  it.each([
    ['en-US', /Texted at\s*\d{1,2}:\d\d\s[AP]M/],
    ['en-GB', /Texted at\s*\d\d:\d\d(?!\s[AP]M)/],
  ])('has times as they are written in %s', async (locale, time) => {
    const { page } = await started({ locale });
    expect(await page.locator('main').innerText()).toMatch(time);
  });

  it('counts down in sight, with the buttons held, and says once that the time has come', async () => {
    const { page } = await started();
    const hint = page.locator('[data-wait-hint]');
    const first = Number(/\d+/.exec((await hint.textContent())!)![0]);
    expect(await hint.isVisible()).toBe(true);
    await until(async () => Number(/\d+/.exec((await hint.textContent())!)![0]) < first);
    await page.getByText('You can request a new code in 1 second.', { exact: true }).waitFor();
    const ready = page.getByText('You can request a new code now.');
    await ready.waitFor();
    expect(await ready.getAttribute('role')).toBe('status');
    expect(await hint.count()).toBe(0);
  });

  describe('a code that is entered', () => {
    const field = (page: Page) => page.getByLabel('Code', { exact: true });
    const scripted = (page: Page) => page.getByText('as soon as you enter the last digit').waitFor();
    const verified = (page: Page) => page.getByRole('heading', { name: 'Phone number verified' }).waitFor();
    const countsChecks = (page: Page) => {
      const checks: string[] = [];
      page.on('request', (request) => {
        if (request.method() === 'POST') checks.push(request.url());
      });
      return checks;
    };
    const ARABIC_INDIC_ZERO = 0x660;
    const inArabicIndic = (code: string) =>
      code.replace(/./g, (digit) => String.fromCodePoint(ARABIC_INDIC_ZERO + Number(digit)));

    it('is sent with its last digit, once, whatever is pressed meanwhile', async () => {
      const { page, phoneNumber } = await started();
      await scripted(page);
      const checks = countsChecks(page);
      const code = application.codeFor(phoneNumber);
      expect(await page.evaluate('document.activeElement.id')).toBe('otpCode');
      await page.keyboard.type(code.slice(0, 5));
      expect(checks).toEqual([]);
      // In one go, as a hasty hand does, before the next page is there.
      await page.evaluate(`for (let presses = 0; presses < 3; presses += 1) {
        otpCode.value = '${code}';
        otpCode.dispatchEvent(new Event('input', { bubbles: true }));
        otpCode.form.requestSubmit();
      }`);
      await verified(page);
      expect(checks).toHaveLength(1);
    });

    it('is sent in the digits of any script, with spaces and dashes', async () => {
      const { page, phoneNumber } = await started();
      await scripted(page);
      const code = inArabicIndic(application.codeFor(phoneNumber));
      await field(page).fill(`${code.slice(0, 3)} - ${code.slice(3)}`);
      await verified(page);
    });

    it('waits when it has another length, or is no code', async () => {
      const { page, phoneNumber } = await started();
      await scripted(page);
      const checks = countsChecks(page);
      const code = application.codeFor(phoneNumber);
      for (const text of [code.slice(1), `${code}1`, `MyApp code: ${code}`, 'abcdef', '']) {
        await field(page).fill(text);
      }
      // Pressing still works, and finds the code in the message.
      await field(page).fill(`MyApp code: ${code}`);
      await page.getByRole('button', { name: 'Verify' }).click();
      await verified(page);
      expect(checks).toHaveLength(1);
    });

    it('that is wrong leaves the focus at what is wrong', async () => {
      const { page, phoneNumber } = await started();
      await scripted(page);
      await field(page).fill(wrongCode(application.codeFor(phoneNumber)));
      await page.getByText('You have 2 tries left.').first().waitFor();
      expect(await page.evaluate('document.activeElement.id')).toBe('summary');
    });
  });

  describe('a code that the phone offers (WebOTP)', () => {
    /** Chromium has no way to deliver a text message to its own WebOTP, so this stands in its place. */
    const withPhone = (page: Page) =>
      page.addInitScript(`
        window.phone = {};
        window.OTPCredential = class {};
        navigator.credentials.get = ({ signal }) =>
          new Promise((resolve, reject) => {
            phone.deliver = (code) => resolve({ code });
            signal.addEventListener('abort', () => {
              sessionStorage.setItem('aborted', 'yes');
              reject(signal.reason);
            });
          });
      `);

    it('is filled in and sent', async () => {
      const { page, phoneNumber } = await started();
      await withPhone(page);
      await page.reload();
      await page.getByText('as soon as you enter the last digit').waitFor();
      await page.evaluate(`phone.deliver('${application.codeFor(phoneNumber)}')`);
      await page.getByRole('heading', { name: 'Phone number verified' }).waitFor();
    });

    it('is asked for no longer once a code was sent by hand', async () => {
      const { page, phoneNumber } = await started();
      await withPhone(page);
      await page.reload();
      await enterCode(page, application.codeFor(phoneNumber));
      await page.getByRole('heading', { name: 'Phone number verified' }).waitFor();
      expect(await page.evaluate(`sessionStorage.getItem('aborted')`)).toBe('yes');
    });
  });
});
