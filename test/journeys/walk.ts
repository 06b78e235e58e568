import { verify } from '@node-rs/argon2';
import type { Locator, Page } from 'playwright-core';
import { appCode } from '../host/person-in-browser.js';
import { mustBe, Visitor } from '../host/visitor.js';
import { freshNumber, type TestApplication } from '../support/application.js';
import { until } from '../support/until.js';
import { readerIn, type Reader } from '../support/fingerprint-reader.js';
import { type Facts, factsOf, untrueIn } from './truth.js';

/** How a button is pressed: once, or with a double click. */
export type Press = (button: Locator) => Promise<void>;
export const once: Press = (button) => button.click();

let people = 0;

/** Somebody on a journey through pages, and what they mean to do and note down on the way. */
export class Walk {
  email = `walker${(people += 1)}.${process.pid}@example.com`;
  /** Every number that the person has used, the newest last. */
  readonly numbers: string[] = [];
  /** How many messages the person has asked for. */
  texts = 0;
  /** How many links by e-mail. */
  links = 0;
  /** The recovery codes that the person has written down. */
  codes: string[] = [];
  /** Only recovery codes are left. */
  hasLostPhone = false;
  /** The key of the authenticator app. */
  appKey = '';
  /** What must never happen but did. */
  readonly faults: string[] = [];
  private moment = 'at the start';
  private readonly readers = new Map<Page, Reader>();

  constructor(
    readonly application: TestApplication,
    public page: Page,
    readonly url: string,
    readonly isScripted: boolean,
  ) {
    page.context().on('response', (response) => {
      if (response.request().isNavigationRequest() && response.status() >= 500)
        this.notes(`was answered with ${response.status()}`);
    });
  }

  /** An account that was made without pages, to begin with. */
  async hasAccount({ phone = false } = {}): Promise<Visitor> {
    const visitor = await new Visitor(this.application).signsUp();
    this.email = visitor.email;
    this.links = 1;
    if (phone) {
      await visitor.enrols(this.newNumber());
      this.texts = 1;
    }
    return visitor;
  }

  /** The browser is signed in as somebody. */
  async takesOver({ session: value = '' }: Visitor): Promise<void> {
    await this.page.context().addCookies([{ name: 'session', value, url: this.url }]);
  }

  /** An authenticator app. */
  async hasApp(visitor: Visitor): Promise<void> {
    const { body } = mustBe(await visitor.post('/two-factor/authenticators'), 'beginning an app');
    this.appKey = body['secret'] as string;
    const otpCode = await appCode(this.appKey);
    mustBe(await visitor.post('/two-factor/authenticators/confirm', { otpCode }), 'confirming an app');
  }

  async hasRecoveryCodes(visitor: Visitor): Promise<void> {
    const { body } = mustBe(await visitor.post('/two-factor/recovery-codes'), 'making recovery codes');
    this.codes = body['recoveryCodes'] as string[];
  }

  /** The computer has a fingerprint reader, and its owner's finger is on it. */
  async hasFingerprintReader(): Promise<void> {
    this.readers.set(this.page, await readerIn(this.page));
  }

  /** Opens a tab at the address of the page. The journey goes on there. @returns the first tab */
  async opensTab(): Promise<Page> {
    const first = this.page;
    this.page = await first.context().newPage();
    if (this.readers.has(first)) {
      await this.hasFingerprintReader();
      await this.sharesPasskeys(first, this.page);
    }
    await this.opens(first.url());
    return first;
  }

  /** All tabs use the same reader. Chromium's virtual ones belong to a tab, so what one has is copied to the other. */
  async sharesPasskeys(from: Page, to: Page): Promise<void> {
    const [source, goal] = [this.readers.get(from), this.readers.get(to)];
    if (!source || !goal) return;
    const { authenticatorId } = goal;
    const { credentials } = await source.devtools.send('WebAuthn.getCredentials', {
      authenticatorId: source.authenticatorId,
    });
    await goal.devtools.send('WebAuthn.clearCredentials', { authenticatorId });
    for (const credential of credentials)
      await goal.devtools.send('WebAuthn.addCredential', { authenticatorId, credential });
  }

  newNumber(): string {
    this.numbers.push(freshNumber());
    return this.numbers.at(-1)!;
  }

  /** The newest code that was sent to any number of the person's. */
  get code(): string {
    const messages = this.numbers.flatMap((number) => this.application.sandbox.ledger(number));
    return messages.sort((one, other) => one.sentAt.localeCompare(other.sentAt)).at(-1)!.code;
  }

  at(moment: string): void {
    this.moment = moment;
  }

  notes(fault: string): void {
    this.faults.push(`${this.moment}: ${fault}`);
  }

  facts(): Promise<Facts> {
    return factsOf(this.application, this);
  }

  async opens(path: string): Promise<void> {
    await this.page.goto(new URL(path, this.url).href);
    await this.looksAt(this.page);
  }

  /** Does something that leads to another page, or to the same again, and waits for it. */
  async goes(page: Page, act: () => Promise<unknown>): Promise<void> {
    await this.lands(page, act);
    await this.looksAt(page);
  }

  /** The same, before it is looked at. */
  async lands(page: Page, act: () => Promise<unknown>): Promise<void> {
    const arrives = page.waitForEvent('framenavigated', { predicate: (frame) => frame === page.mainFrame() });
    await Promise.all([arrives, act()]);
    await page.waitForLoadState();
  }

  /** The same, where the page may also refuse by itself. */
  async tries(page: Page, act: () => Promise<unknown>): Promise<void> {
    let hasGone = false;
    page.once('framenavigated', () => (hasGone = true));
    await act();
    await until(async () => hasGone || (await page.locator('[data-failed]:not(:empty)').count()) > 0);
    await page.waitForLoadState();
    await this.looksAt(page);
  }

  headingOf(page: Page): Promise<string> {
    return page.getByRole('heading', { level: 1 }).innerText({ timeout: 5000 });
  }

  /** @throws Error when the page is another one, because the journey cannot go on */
  async isOn(page: Page, ...headings: string[]): Promise<void> {
    const seen = await this.headingOf(page).catch(() => 'no page of ours');
    if (headings.includes(seen)) return;
    const text = await page.locator('body').innerText();
    const what = `“${seen}” instead of “${headings.join('” or “')}” at ${page.url()}: ${text}`;
    throw new Error([`${this.moment}: ${what}`, ...this.faults].join('\n'));
  }

  /** Compares a page with the truth. */
  async looksAt(page: Page): Promise<void> {
    const isOurs = page.url().startsWith(this.url);
    const main = page.locator('main');
    if (!isOurs || (await main.count()) !== 1) return this.notes(`there is no page of ours at ${page.url()}`);
    const text = `${await page.locator('header.site').innerText()}\n${await main.innerText()}\n`;
    if (/we emailed a link/i.test(text)) await this.mailHasLeft();
    const facts = await this.facts();
    for (const untrue of untrueIn(text.replaceAll(/\s+/g, ' '), facts)) this.notes(untrue);
    if (facts.messages.length !== this.texts)
      this.notes(`${facts.messages.length} messages were sent, and ${this.texts} were meant`);
    const ways = main.locator('a[href], button, summary');
    if ((await ways.count()) === 0) this.notes(`the page leads nowhere: ${text}`);
  }

  /** E-mails are sent in the background. */
  async mailHasLeft(): Promise<void> {
    await until(async () => (await this.facts()).links >= this.links, { what: 'an e-mail with a link' });
  }

  async fills(page: Page, label: string, value: string): Promise<void> {
    await page.getByLabel(label, { exact: true }).fill(value);
  }

  /** Whether every recovery code that was written down is one of the account's. */
  async codesWork(): Promise<boolean> {
    const { rows } = await this.application.sql.query<{ hash: string }>(
      `SELECT hash FROM otp_recovery_codes WHERE user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
      [this.email],
    );
    // One of them stands for all: comparing is slow on purpose.
    const secret = this.codes[0]?.replaceAll('-', '').slice(2) ?? '';
    return (await Promise.all(rows.map(({ hash }) => verify(hash, secret)))).includes(true);
  }
}
