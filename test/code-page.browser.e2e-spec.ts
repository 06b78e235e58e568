import type { Page } from 'playwright-core';
import { ApplicationInBrowser } from './support/application-in-browser.js';
import { freshNumber, type TestApplication } from './support/application.js';
import { until } from './support/until.js';
import { inBrowser } from './support/chromium.js';

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
  async function started(): Promise<{ page: Page; requestId: string; phoneNumber: string }> {
    const page = await windows.open();
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

  it('counts down in sight, with the buttons held, and says once that the time has come', async () => {
    const { page } = await started();
    const hint = page.locator('[data-wait-hint]');
    const first = Number(/\d+/.exec((await hint.textContent())!)![0]);
    expect(await hint.isVisible()).toBe(true);
    await until(async () => Number(/\d+/.exec((await hint.textContent())!)![0]) < first);
    const ready = page.getByText('You can request a new code now.');
    await ready.waitFor();
    expect(await ready.getAttribute('role')).toBe('status');
    expect(await hint.count()).toBe(0);
  });
});
