import { administrator, program } from '../admin/administrator.js';
import { mustBe, Visitor } from '../host/visitor.js';
import { freshNumber, type TestApplication } from '../support/application.js';

/** How long a valid id or code is used before a new one is made: the routes spend them. */
const USES = 5;

/** Whose rows a route acts on, and which column says to whom they belong. */
const TABLES: [string, string, string?][] = [
  ['/phones/', 'otp_enrolled_phones', 'user_id'],
  ['/browsers/', 'otp_trusted_browsers', 'user_id'],
  ['/authenticators/', 'otp_authenticators', 'user_id'],
  ['/tokens/', 'otp_api_tokens'],
  ['/blocks/', 'otp_block_entries'],
];

export const CALLERS = ['nobody', 'one factor', 'two factors', 'an administrator', 'a token'] as const;
export type CallerName = (typeof CALLERS)[number];

/** Who calls, always signed in as the name says, and what is valid for them. */
export class Callers {
  private readonly visitors = new Map<CallerName, Visitor>();
  private readonly requests = new Map<string, { requestId: string; phoneNumber: string; uses: number }>();
  private token = '';

  constructor(private readonly application: TestApplication) {}

  async headers(name: CallerName): Promise<Record<string, string>> {
    if (name === 'nobody') return {};
    if (name === 'a token') {
      this.token ||= (await program(this.application)).token;
      return { Authorization: `Bearer ${this.token}` };
    }
    return { Cookie: (await this.visitor(name)).cookieHeader(), Origin: this.application.url };
  }

  /** Learns the cookies of an answer; who was signed out signs in again before the next call. */
  learn(name: CallerName, headers: Headers, code: string): void {
    this.visitors.get(name)?.learn(headers);
    const isOut = code === 'sign-in-required' || (code === 'second-factor-required' && name !== 'one factor');
    if (isOut) this.visitors.delete(name);
    if (code === 'unauthorized') this.token = '';
  }

  private async visitor(name: CallerName): Promise<Visitor> {
    const known = this.visitors.get(name);
    if (known) return known;
    const visitor = await this.made(name);
    this.visitors.set(name, visitor);
    return visitor;
  }

  private async made(name: CallerName): Promise<Visitor> {
    if (name === 'an administrator') return administrator(this.application);
    const person = await (await new Visitor(this.application).signsUp()).enrols();
    if (name === 'two factors') return person;
    const half = person.elsewhere();
    mustBe(await half.signsIn(), 'signing in');
    return half;
  }

  /** A live request of the kind that a route wants. */
  async request(name: CallerName, path: string): Promise<{ requestId: string; code: string }> {
    const key = `${name} ${path.startsWith('/two-factor') ? path.replace(/\/[^/]*$/, '') : ''}`;
    const known = this.requests.get(key);
    if (known && known.uses < USES) {
      known.uses += 1;
      return { requestId: known.requestId, code: this.application.codeFor(known.phoneNumber) };
    }
    const made = { ...(await this.started(name, path)), uses: 0 };
    this.requests.set(key, made);
    return { requestId: made.requestId, code: this.application.codeFor(made.phoneNumber) };
  }

  private async started(name: CallerName, path: string) {
    const isPerson = name !== 'nobody' && name !== 'a token';
    if (isPerson && path.startsWith('/two-factor/phones')) {
      const phoneNumber = freshNumber();
      const { body } = await (await this.visitor(name)).post('/two-factor/phones', { phoneNumber });
      if (body['requestId']) return { requestId: String(body['requestId']), phoneNumber };
    } else if (isPerson && path.startsWith('/two-factor')) {
      const visitor = await this.visitor(name);
      const { body } = await visitor.post('/two-factor/challenge');
      if (body['requestId'])
        return { requestId: String(body['requestId']), phoneNumber: visitor.phoneNumber };
    }
    return this.application.started();
  }

  /** The id of a row of the kind that a route acts on. */
  async id(name: CallerName, path: string): Promise<string> {
    const visitor = this.visitors.get(name);
    if (visitor && /step-up/.test(path)) {
      const { body } = await visitor.post('/account/payment', { amount: '1.00', recipient: 'ACME' });
      if (body['grant']) return String(body['grant']);
    }
    const [, table = 'otp_verification_requests', owner = ''] =
      TABLES.find(([part]) => path.includes(part)) ?? [];
    const { rows } = await this.application.sql.query<{ id: string }>(
      `SELECT id FROM ${table}
        WHERE ${owner ? `${owner} = (SELECT id::text FROM host_users WHERE email = $1)` : '$1::text IS NOT NULL'}
        ORDER BY id DESC LIMIT 1`,
      [visitor?.email ?? ''],
    );
    return rows[0]?.id ?? '01890000-0000-7000-8000-000000000000';
  }
}
