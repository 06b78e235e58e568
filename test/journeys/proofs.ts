import type { Page } from 'playwright-core';
import { appCode } from '../host/person-in-browser.js';
import { PASSWORD } from '../host/visitor.js';
import { once, type Press, type Walk } from './walk.js';

/** The application's cooldown between two messages, and a second more. */
const COOLDOWN_SECONDS = 31;

/** Enters a code as people do: a page with a script sends it with the last digit, any other by its button. */
export async function entersCode(
  walk: Walk,
  page: Page,
  code: string,
  press: Press,
  label = 'Code',
): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  const button = page.locator('form', { has: field }).getByRole('button', { name: 'Verify' });
  if (!walk.isScripted) {
    await field.fill(code);
    return press(button);
  }
  await page.getByText('as soon as you enter the last digit').first().waitFor();
  // A double click, after the page has begun to send the code by itself.
  if (press !== once) await field.evaluate(sendsAndPressesTwice, code);
  else await field.fill(code);
}

/** The code that the app shows. Time has passed since the last one: each counts once. */
export async function appCodeOf(walk: Walk): Promise<string> {
  await walk.application.sql.query(
    `UPDATE otp_authenticators SET last_step = 0 WHERE user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
    [walk.email],
  );
  return appCode(walk.appKey);
}

/** The session expires, and the browser does not know it. */
export async function isSignedOut(walk: Walk): Promise<void> {
  await walk.application.sql.query(
    `DELETE FROM host_sessions WHERE user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
    [walk.email],
  );
}

/** Signs in on the page that asks for it, with the best factor that is offered. */
export async function signsInAgain(walk: Walk, page: Page): Promise<void> {
  await walk.fills(page, 'Email address', walk.email);
  await walk.fills(page, 'Password', PASSWORD);
  await walk.goes(page, () => page.getByRole('button', { name: 'Sign in', exact: true }).click());
  if ((await walk.headingOf(page)) === 'Confirm it’s you') await showsFactor(walk, page);
}

export async function showsRecoveryCode(walk: Walk, page: Page, press: Press): Promise<void> {
  const field = page.getByLabel('Recovery code', { exact: true });
  if (!(await field.isVisible())) await page.getByText('Use a recovery code instead').click();
  await field.fill(walk.codes[0]!);
  await press(page.locator('form', { has: field }).getByRole('button', { name: 'Continue' }));
}

/** Shows the best factor that is offered. */
export async function showsFactor(walk: Walk, page: Page): Promise<void> {
  if (walk.hasLostPhone) {
    await walk.goes(page, () => showsRecoveryCode(walk, page, once));
    walk.codes.shift();
    return;
  }
  const passkey = page.getByRole('button', { name: 'Use your passkey' });
  const app = page.getByLabel('Code from your authenticator app', { exact: true });
  if (await passkey.isVisible()) await walk.goes(page, () => passkey.click());
  else if (await app.isVisible())
    await walk.goes(page, async () =>
      entersCode(walk, page, await appCodeOf(walk), once, 'Code from your authenticator app'),
    );
  else {
    await asksForText(walk, page);
    await walk.goes(page, () => entersCode(walk, page, walk.code, once));
  }
}

/** Lets a code be sent to the phone. */
export async function asksForText(walk: Walk, page: Page): Promise<void> {
  const { messages } = await walk.facts();
  const isBusy = page.getByText('A code for this number is already on its way.').first();
  await walk.lands(page, () => page.getByRole('button', { name: 'Text me a code' }).first().click());
  if (await isBusy.isVisible()) {
    await walk.looksAt(page);
    await cooldownPasses(walk);
    await walk.opens(page.url());
    return asksForText(walk, page);
  }
  await walk.isOn(page, 'Enter your code');
  if ((await walk.facts()).messages.length > messages.length) walk.texts += 1;
  await walk.looksAt(page);
  await asksAgain(walk, page);
}

/** Asks for a new code, where the page wants that, once the cooldown between two messages has passed. */
export async function asksAgain(walk: Walk, page: Page): Promise<void> {
  if (!(await page.getByText('You requested a code in another browser').isVisible())) return;
  await cooldownPasses(walk);
  await walk.goes(page, () => page.reload());
  walk.texts += 1;
  await walk.goes(page, () => page.getByRole('button', { name: 'Send a new code' }).click());
}

/** The time between two messages to a number. */
async function cooldownPasses(walk: Walk): Promise<void> {
  await walk.application.advanceProvider(COOLDOWN_SECONDS);
  await walk.application.sql.query(
    `UPDATE otp_verification_requests SET resend_available_at = now() WHERE status = 'PENDING'`,
  );
}

/** In the page. */
function sendsAndPressesTwice(field: any, code: string): void {
  field.value = code;
  const button = field.form.querySelector('button[type=submit]');
  field.dispatchEvent(new Event('input', { bubbles: true }));
  button.click();
  button.click();
}
