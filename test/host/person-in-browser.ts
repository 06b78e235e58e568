import { generate } from 'otplib';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ApplicationInBrowser } from '../support/application-in-browser.js';
import { freshNumber, type TestApplication } from '../support/application.js';
import { enterCode } from '../support/chromium.js';
import { PASSWORD } from './visitor.js';

let people = 0;

/** Somebody who does with a real browser what a {@link Visitor} does over HTTP: clicks what the pages offer. */
export class PersonInBrowser {
  phoneNumber = '';
  readonly email: string;

  constructor(
    private readonly application: TestApplication,
    readonly page: Page,
    private readonly url = application.url,
  ) {
    people += 1;
    this.email = `browser${people}.${process.pid}@example.com`;
  }

  /** The newest code on the phone. */
  get code(): string {
    return this.application.codeFor(this.phoneNumber);
  }

  async goes(path: string): Promise<void> {
    await this.page.goto(new URL(path, this.url).href);
  }

  async presses(name: string): Promise<void> {
    await this.page.getByRole('button', { name }).first().click();
  }

  async follows(name: string): Promise<void> {
    await this.page.getByRole('link', { name }).first().click();
  }

  async fills(label: string, value: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(value);
  }

  async sees(heading: string): Promise<void> {
    await this.page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
  }

  async reads(text: string): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  async signsUp(): Promise<void> {
    await this.goes('/sign-up');
    await this.fills('Email address', this.email);
    await this.presses('Send link');
    await this.sees('Check your email');
    await this.goes(await this.application.mailbox.link(this.email));
    await this.fills('New password', PASSWORD);
    await this.presses('Create account');
    await this.sees('Your account');
  }

  async signsIn(): Promise<void> {
    await this.goes('/sign-in');
    await this.fills('Email address', this.email);
    await this.fills('Password', PASSWORD);
    await this.presses('Sign in');
  }

  async signsOut(): Promise<void> {
    await this.goes('/account');
    await this.presses('Sign out');
    await this.sees('Sign in');
  }

  async enrols(phoneNumber = freshNumber(), label = ''): Promise<void> {
    await this.goes('/two-factor/settings');
    await this.fills('Add a phone number', phoneNumber);
    await this.page.locator('#newLabel').fill(label);
    await this.presses('Send code');
    this.phoneNumber = phoneNumber;
    await this.types(this.code);
    await this.reads('Your changes are saved.');
  }

  /** Lets a code be sent to the phone. */
  async asksForText(): Promise<void> {
    // Behind the authenticator app, if there is one.
    const others = this.page.getByText('Try another way');
    if (await others.count()) await others.click();
    await this.presses('Text me a code');
    await this.sees('Enter your code');
  }

  /** The same for an act that is to be confirmed. */
  async asksToConfirm(): Promise<void> {
    await this.presses('Text me a code');
    await this.page.getByLabel('Code', { exact: true }).waitFor();
  }

  async types(code: string): Promise<void> {
    await enterCode(this.page, code);
  }

  /** @returns the key that the page shows for apps without a camera */
  async beginsAnApp(): Promise<string> {
    await this.goes('/two-factor/settings');
    await this.presses('Set up authenticator app');
    const shown = await this.page.locator('ol code').textContent();
    return shown!.replaceAll(' ', '');
  }

  async showsApp(code: string): Promise<void> {
    await enterCode(this.page, code, 'Code from your authenticator app');
  }

  /** @returns the codes of the sheet */
  async makesRecoveryCodes(): Promise<string[]> {
    await this.goes('/two-factor/settings');
    await this.presses('Get new recovery codes');
    await this.presses('Get new recovery codes');
    await this.sees('Your recovery codes');
    return this.page.locator('.codes code').allTextContents();
  }

  async showsRecoveryCode(code: string): Promise<void> {
    const field = this.page.getByLabel('Recovery code', { exact: true });
    if (!(await field.isVisible())) await this.page.getByText('Use a recovery code instead').click();
    await this.fills('Recovery code', code);
    await this.presses('Continue');
  }

  async orders(amount: string, recipient: string): Promise<void> {
    await this.goes('/account/payment');
    await this.fills('Amount in EUR', amount);
    await this.fills('Recipient', recipient);
    await this.presses('Pay');
  }
}

/** An application and a Chromium for people who open one window after the other. */
export class PeopleInBrowsers extends ApplicationInBrowser {
  async somebody(options: BrowserContextOptions = {}): Promise<PersonInBrowser> {
    const page = await this.open(options, `${this.application.url}/sign-in`);
    return new PersonInBrowser(this.application, page);
  }
}

/** What an authenticator app shows now, or a step of 30 seconds later: a code counts once. */
export const appCode = (secret: string, stepsLater = 0): Promise<string> =>
  generate({ secret, epoch: Math.floor(Date.now() / 1000) + 30 * stepsLater });
