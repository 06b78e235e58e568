import { randomBytes } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { VerificationModuleOptions } from 'nest-sms-otp';
import { FakeVerificationProvider } from 'nest-sms-otp/testing';
import { Users } from '../../examples/users.js';
import { freshNumber } from './application.js';
import { withOrigin } from './client.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export const PASSWORD = 'a password of the tests';
const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
let people = 0;

export interface Reply {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** One of `examples/`, listening, on a database of its own, with a provider that sends nothing. */
export interface ExampleHost {
  app: NestExpressApplication;
  url: string;
  provider: FakeVerificationProvider;
  /** A user who can sign in. */
  newUser(): Promise<{ id: string; email: string }>;
  close(): Promise<void>;
}

export async function startExample(
  create: (options: {
    databaseUrl: string;
    verification: VerificationModuleOptions;
  }) => Promise<NestExpressApplication>,
): Promise<ExampleHost> {
  const database: TestDatabase = await createTestDatabase();
  const provider = new FakeVerificationProvider();
  const keys = { encryption: ring('e1'), fingerprint: ring('f1') };
  const verification = { provider, keys, reconcileEverySeconds: null };
  const app = await create({ databaseUrl: database.url, verification });
  await app.listen(0, '127.0.0.1');
  return {
    app,
    url: await app.getUrl(),
    provider,
    async newUser() {
      people += 1;
      const email = `person${people}@example.com`;
      return { id: await app.get(Users).add(email, PASSWORD), email };
    },
    async close() {
      await app.close();
      await database.drop();
    },
  };
}

/**
 * A program that speaks JSON with one of the examples.
 * @param carry what is sent with every call, made from what the last answers said: a token, a cookie
 */
export class ExampleClient {
  constructor(
    private readonly host: ExampleHost,
    private readonly carry: {
      headers: () => Record<string, string>;
      learn: (headers: Headers, body: Record<string, unknown>) => void;
    },
  ) {}

  async call(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const response = await fetch(this.host.url + path, {
      method,
      redirect: 'manual',
      headers: withOrigin(this.host.url, method, {
        Accept: 'application/json',
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...this.carry.headers(),
        ...headers,
      }),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
    this.carry.learn(response.headers, answer);
    return { status: response.status, headers: response.headers, body: answer };
  }

  get(path: string, headers?: Record<string, string>): Promise<Reply> {
    return this.call('GET', path, undefined, headers);
  }

  post(path: string, body: object = {}): Promise<Reply> {
    return this.call('POST', path, body);
  }

  signsIn(email: string, password = PASSWORD): Promise<Reply> {
    return this.post('/sign-in', { email, password });
  }

  /** Proves a phone of its own as a factor. @returns its number */
  async enrols(): Promise<string> {
    const phoneNumber = freshNumber();
    const { requestId } = (await this.post('/two-factor/phones', { phoneNumber })).body;
    const otpCode = this.host.provider.lastCode(phoneNumber);
    const proven = await this.post('/two-factor/phones/verify', { requestId, otpCode });
    if (proven.status !== 200) throw new Error(`enrolling was answered ${JSON.stringify(proven.body)}`);
    return phoneNumber;
  }

  /** Lets a code be sent to the enrolled phone. @returns what is typed to show the factor */
  async isChallenged(
    phoneNumber: string,
    at = '/two-factor',
  ): Promise<{ requestId: string; otpCode: string }> {
    const { status, body } = await this.post(`${at}/challenge`);
    if (status !== 200) throw new Error(`the challenge was answered ${JSON.stringify(body)}`);
    return { requestId: String(body['requestId']), otpCode: this.host.provider.lastCode(phoneNumber) };
  }
}
