import { randomBytes } from 'node:crypto';
import { TypeOrmModule } from '@nestjs/typeorm';
import { VerificationModule } from '../../src/index.js';
import type { FakeVerificationProvider } from '../../src/testing/index.js';
import { freshNumber } from './application.js';
import type { TestDatabase } from './database.js';

export interface User {
  id: string;
  phoneNumber: string | null;
}

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
export const users = new Map<string, User>();
/** Somebody who has shown a first factor. */
export const newUser = (phoneNumber: string | null = freshNumber()): User => {
  const user = { id: `user-${users.size + 1}`, phoneNumber };
  users.set(user.id, user);
  return user;
};

/** What both hosts have of the library: no routes. */
export const verificationModules = (database: TestDatabase, provider: FakeVerificationProvider) => [
  TypeOrmModule.forRoot({ type: 'postgres', url: database.url }),
  VerificationModule.forRoot({
    provider,
    keys: { encryption: ring('e1'), fingerprint: ring('f1') },
    routes: false,
    reconcileEverySeconds: null,
  }),
];

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  cookie: string | undefined;
}

export async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
  return { status: response.status, body: text ? JSON.parse(text) : {}, cookie };
}
