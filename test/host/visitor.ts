import { Client, type Answer, type Kind } from '../support/client.js';
import { tokenIn } from '../support/mailbox.js';
import { freshNumber, type TestApplication, wrongCode } from '../support/application.js';
import { openPage, submitForm } from '../support/submit-form.js';

export const PASSWORD = 'a password of the tests';
let people = 0;

/** Somebody with a browser (or a program that keeps cookies): a session of their own. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  email = '';
  password = PASSWORD;
  phoneNumber = '';
  private readonly client: Client;

  constructor(
    private readonly application: TestApplication,
    readonly kind: Kind = 'json',
  ) {
    this.client = application.client;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('GET', path, undefined, headers);
  }

  post(
    path: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.call('POST', path, fields, headers);
  }

  async call(
    method: string,
    path: string,
    fields?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await this.client.as(this.kind, method, path, fields, {
      Cookie: this.cookieHeader(),
      ...headers,
    });
    this.learn(answer.headers);
    return answer;
  }

  /** Posts a form as a browser does. */
  async submits(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const cookie = { Cookie: this.cookieHeader() };
    const answer = await submitForm(this.application.url + path, fields, { ...cookie, ...headers });
    this.learn(answer.headers);
    return answer;
  }

  /** Posts a form and follows the redirect, as a browser does. @returns the page */
  async submitsAndFollows(path: string, fields: Record<string, string>): Promise<Answer> {
    const answer = await this.submits(path, fields);
    if (answer.status !== 303) throw new Error(`${path} answered ${answer.status} ${answer.text}`);
    const page = await openPage(this.application.url + answer.headers.get('location')!, {
      Cookie: this.cookieHeader(),
    });
    this.learn(page.headers);
    return page;
  }

  /** Keeps the cookies of an answer. */
  learn(headers: Headers): void {
    for (const cookie of headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (/Max-Age=0|Expires=Thu, 01 Jan 1970/i.test(cookie)) this.cookies.delete(name!);
      else this.cookies.set(name!, value!);
    }
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** The session's cookie as it is sent. */
  get session(): string | undefined {
    return this.cookies.get('session');
  }

  /** The same person in another browser. */
  elsewhere(): Visitor {
    const other = new Visitor(this.application, this.kind);
    other.email = this.email;
    other.password = this.password;
    other.phoneNumber = this.phoneNumber;
    return other;
  }

  /** Makes an account, and is signed in with it. */
  async signsUp(): Promise<this> {
    people += 1;
    this.email = `person${people}.${process.pid}@example.com`;
    mustBe(await this.post('/sign-up', { email: this.email }), 'signing up');
    const token = tokenIn(await this.application.mailbox.link(this.email));
    mustBe(await this.post('/sign-up/finish', { token, password: this.password }), 'choosing a password');
    return this;
  }

  async signsIn(returnTo = ''): Promise<Answer> {
    return this.post('/sign-in', { email: this.email, password: this.password, returnTo });
  }

  /** Proves a phone as a factor. */
  async enrols(phoneNumber = freshNumber()): Promise<this> {
    const started = mustBe(await this.post('/two-factor/phones', { phoneNumber }), 'enrolling');
    const fields = { requestId: requestIdOf(started), otpCode: this.application.codeFor(phoneNumber) };
    mustBe(await this.post('/two-factor/phones/verify', fields), 'proving');
    this.phoneNumber = phoneNumber;
    return this;
  }

  /** Lets a code be sent to the phone. @returns the request's id */
  async isChallenged(path = '/two-factor/challenge'): Promise<string> {
    return requestIdOf(mustBe(await this.post(path), 'the challenge'));
  }

  types(requestId: string, otpCode: string, more: Record<string, string> = {}): Promise<Answer> {
    return this.post('/two-factor/verify', { requestId, otpCode, ...more });
  }

  get code(): string {
    return this.application.codeFor(this.phoneNumber);
  }

  get wrongCode(): string {
    return wrongCode(this.code);
  }

  /** Both factors, in a browser where nobody was. */
  async isSignedIn(): Promise<this> {
    mustBe(await this.signsIn(), 'signing in');
    const requestId = await this.isChallenged();
    mustBe(await this.types(requestId, this.code), 'the code');
    return this;
  }
}

/** JSON says it; a page has it in a form. */
export function requestIdOf({ body, text }: Answer): string {
  const found = body['requestId'] ?? /name="requestId" value="([^"]+)"/.exec(text)?.[1];
  if (typeof found !== 'string') throw new Error(`no request in ${text.slice(0, 500)}`);
  return found;
}

export function mustBe(answer: Answer, what: string): Answer {
  if (answer.status !== 200 && answer.status !== 303)
    throw new Error(`${what} was answered ${answer.status} ${answer.text.slice(0, 1500)}`);
  return answer;
}

/** What the answer says in short: its status and the problem's code. */
export const codeOf = ({ status, body }: Answer) => [status, body['code']];

export async function settingsOf(person: Visitor) {
  return (await person.get('/two-factor/settings')).body as {
    factors: { id: string; method: string; hint: string; label: string; primary: boolean }[];
    recoveryCodesLeft: number;
    trustedBrowsers: { id: string }[];
  };
}
