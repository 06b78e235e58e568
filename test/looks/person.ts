import type { Page } from 'playwright-core';
import { freshNumber, type TestApplication } from '../support/application.js';
import { tokenIn } from '../support/mailbox.js';
import { PASSWORD } from '../host/visitor.js';

let people = 0;

/** Somebody whose browser is brought into a state by posts, as its own forms would send them, without the clicks. */
export class Person {
  email = '';
  phoneNumber = '';

  constructor(
    readonly application: TestApplication,
    readonly page: Page,
  ) {}

  /** Posts a form as this browser. @returns the path that it is redirected to */
  async posts(path: string, form: Record<string, string> = {}): Promise<string> {
    const answer = await this.page.context().request.post(this.application.url + path, {
      form,
      maxRedirects: 0,
      headers: {
        Accept: 'text/html',
        Origin: this.application.url,
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Site': 'same-origin',
      },
    });
    if (answer.status() !== 303) throw new Error(`POST ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.headers()['location']!;
  }

  /** Reads a page as this browser, without showing it. */
  async reads(path: string): Promise<string> {
    const answer = await this.page.context().request.get(this.application.url + path, {
      headers: { Accept: 'text/html' },
    });
    return answer.text();
  }

  get code(): string {
    return this.application.codeFor(this.phoneNumber);
  }

  async signsUp(): Promise<void> {
    people += 1;
    this.email = `looks${people}.${process.pid}@example.com`;
    await this.posts('/sign-up', { email: this.email });
    const token = tokenIn(await this.application.mailbox.link(this.email));
    await this.posts('/sign-up/finish', { token, password: PASSWORD });
  }

  async signsIn(password = PASSWORD): Promise<string> {
    return this.posts('/sign-in', { email: this.email, password });
  }

  async enrols(phoneNumber = freshNumber()): Promise<void> {
    const codePage = await this.posts('/two-factor/phones', { phoneNumber });
    this.phoneNumber = phoneNumber;
    await this.posts('/two-factor/phones/verify', { requestId: idIn(codePage), otpCode: this.code });
  }

  async becomes(role: string): Promise<void> {
    await this.application.sql.query('UPDATE host_users SET role = $1 WHERE email = $2', [role, this.email]);
  }

  /** Starts a verification. @returns the path of its code page */
  async starts(phoneNumber = freshNumber()): Promise<string> {
    this.phoneNumber = phoneNumber;
    return this.posts('/request-otp', { phoneNumber });
  }

  /** Makes everything that was shown so old that an act asks for it again. */
  async ages(): Promise<void> {
    await this.application.sql.query(
      `UPDATE host_sessions SET sess = regexp_replace(sess::text, '"completedAt":"[^"]+"', '"completedAt":"2020-01-01T00:00:00.000Z"', 'g')::json`,
    );
  }
}

/** The request in the address of a code page. */
export const idIn = (address: string): string => /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(address)![0];
