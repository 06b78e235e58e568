import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { runMigrations } from 'nest-sms-otp';
import { FakeVerificationProvider } from 'nest-sms-otp/testing';
import { AppModule } from '../src/app.module';
import { createApp } from '../src/create-app';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const keys = { encryption: ring('e1'), fingerprint: ring('f1') };
const databaseUrl = process.env.DATABASE_URL!;
const jwtSecret = randomBytes(32).toString('base64url');
const phoneNumber = '+14155552671';
const provider = new FakeVerificationProvider();
let app: INestApplication;
let url: string;

before(async () => {
  await runMigrations(databaseUrl);
  app = await createApp({ databaseUrl, jwtSecret, verification: { provider, keys } });
  await app.listen(0, '127.0.0.1');
  url = `${await app.getUrl()}/api/v1`;
});
after(() => app.close());

/** A program that sends the newest token that it was given. */
class Client {
  private token = '';

  async call(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
    const response = await fetch(url + path, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : null;
    this.token = answer?.accessToken ?? this.token;
    return { status: response.status, body: answer };
  }

  get = (path: string) => this.call('GET', path);
  post = (path: string, body: object = {}) => this.call('POST', path, body);
  signsIn = () =>
    this.post('/auth/login', { email: 'anna@example.com', password: 'a password of the tests' });
}

test('a user enrols a phone, and from then on signs in with a code', async () => {
  const first = new Client();
  const signedIn = await first.signsIn();
  assert.deepEqual([signedIn.status, signedIn.body.secondFactorPending], [200, false]);
  const { body: enrolment } = await first.post('/two-factor/phones', { phoneNumber });
  const proof = { requestId: enrolment.requestId, otpCode: provider.lastCode(phoneNumber) };
  assert.equal((await first.post('/two-factor/phones/verify', proof)).status, 200);

  const client = new Client();
  assert.equal((await client.signsIn()).body.secondFactorPending, true);
  const refused = await client.get('/notes');
  assert.equal(refused.status, 403);
  // In the application's own shape, with what a client needs to go on.
  assert.equal(refused.body.error.code, 'second-factor-required');
  assert.equal(refused.body.error.next, '/api/v1/two-factor?returnTo=%2Fapi%2Fv1%2Fnotes');
  const { body: challenge } = await client.post('/two-factor/challenge');
  const typed = { requestId: challenge.requestId, otpCode: provider.lastCode(phoneNumber) };
  assert.equal((await client.post('/two-factor/verify', typed)).status, 200);
  assert.deepEqual(await client.get('/notes'), { status: 200, body: { userId: 'anna', notes: [] } });
  assert.equal((await client.get('/notes/secret')).status, 200);
});

test('the application’s public routes need no second marker', async () => {
  const anonymous = new Client();
  assert.deepEqual(await anonymous.get('/notes/public'), { status: 200, body: { notes: ['public'] } });
  assert.equal((await anonymous.get('/notes')).status, 401);
});

test('the application’s validation answers as before', async () => {
  const answer = await new Client().post('/auth/login', { email: 'x', password: 'y', role: 'admin' });
  assert.deepEqual(answer, {
    status: 400,
    body: {
      error: {
        message: ['property role should not exist', 'email must be an email'],
        error: 'Bad Request',
        statusCode: 400,
      },
    },
  });
});

test('Vonage without its SDK says what to install', async () => {
  const vonage = { apiKey: 'a', apiSecret: 'b', brand: 'ACME' };
  const module = AppModule.forRoot({ databaseUrl, jwtSecret, verification: { vonage, keys } });
  await assert.rejects(
    NestFactory.createApplicationContext(module, { abortOnError: false, logger: false }),
    /npm install @vonage\/server-sdk/,
  );
});
