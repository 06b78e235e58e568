import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { FakeVerificationProvider } from 'nest-sms-otp/testing';
import { createApp } from '../src/create-app.js';
import { VerificationListener } from '../src/verification.listener.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const databaseUrl = process.env['DATABASE_URL']!;
const phoneNumber = '+14155552671';
const provider = new FakeVerificationProvider();
let app: NestExpressApplication;

before(async () => {
  app = await createApp({
    databaseUrl,
    sessionSecret: randomBytes(32).toString('base64url'),
    verification: { provider, keys: { encryption: ring('e1'), fingerprint: ring('f1') } },
  });
  await app.listen(0, '127.0.0.1');
});
after(() => app.close());

/** A program that keeps its session cookie. */
class Client {
  private cookie = '';

  async call(method: string, path: string, body?: object, accept = 'application/json') {
    const response = await fetch((await app.getUrl()) + path, {
      method,
      redirect: 'manual',
      headers: {
        Accept: accept,
        // As browsers do: without it, a post with a cookie could come from another site.
        Origin: await app.getUrl(),
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(this.cookie ? { Cookie: this.cookie } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const session = response.headers.getSetCookie().find((cookie) => cookie.startsWith('connect.sid='));
    this.cookie = session?.split(';')[0] ?? this.cookie;
    return response;
  }

  page = async (path: string) => (await this.call('GET', path, undefined, 'text/html')).text();

  async get(path: string): Promise<{ status: number; body: any }> {
    const response = await this.call('GET', path);
    return { status: response.status, body: await response.json() };
  }

  async post(path: string, body: object = {}): Promise<{ status: number; body: any }> {
    const response = await this.call('POST', path, body);
    return { status: response.status, body: await response.json() };
  }

  signsIn = (password = 'a password of the tests') =>
    this.post('/login', { email: 'anna@example.com', password });
}

test('a user enrols a phone, and from then on signs in with a code', async () => {
  const first = new Client();
  assert.deepEqual(await first.signsIn(), { status: 200, body: { next: '/account' } });
  const { body: enrolment } = await first.post('/two-factor/phones', { phoneNumber });
  const proof = { requestId: enrolment.requestId, otpCode: provider.lastCode(phoneNumber) };
  assert.equal((await first.post('/two-factor/phones/verify', proof)).status, 200);

  const client = new Client();
  assert.equal((await client.signsIn()).body.next, '/two-factor?returnTo=%2Faccount');
  assert.equal((await client.get('/account')).status, 403);
  assert.match(await client.page('/two-factor'), /<form method="post" action="\/two-factor\/challenge"/);
  const { body: challenge } = await client.post('/two-factor/challenge');
  const typed = { requestId: challenge.requestId, otpCode: provider.lastCode(phoneNumber) };
  assert.equal((await client.post('/two-factor/verify', typed)).status, 200);
  assert.deepEqual(await client.get('/account'), {
    status: 200,
    body: { userId: 'anna', amr: ['pwd', 'sms', 'mfa'] },
  });
  assert.equal((await client.get('/account/api-keys')).status, 200);
});

test('a wrong password is Passport’s own refusal', async () => {
  assert.deepEqual(await new Client().signsIn('wrong'), {
    status: 401,
    body: { message: 'Unauthorized', statusCode: 401 },
  });
});

test('with @nestjs/event-emitter the application hears of the code', { timeout: 30_000 }, async () => {
  const { heard } = app.get(VerificationListener);
  while (heard.length === 0) await sleep(50);
  assert.equal(heard[0]!.userId, 'anna');
});

test('with @nestjs/swagger the application’s document describes the routes', () => {
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  const { post } = document.paths['/two-factor/verify']!;
  assert.ok(post?.requestBody);
  assert.ok(document.components!.schemas!['AssuranceResource']);
});
