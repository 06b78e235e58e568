import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { runMigrations } from 'nest-sms-otp';
import {
  FakeVerificationProvider,
  signInWithSms,
  startTestDatabase,
  type TestDatabase,
} from 'nest-sms-otp/testing';
import * as supertest from 'supertest';
import { AppModule } from '../src/app.module';
import { createApp } from '../src/create-app';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const keys = { encryption: ring('e1'), fingerprint: ring('f1') };
const jwtSecret = randomBytes(32).toString('base64url');
const provider = new FakeVerificationProvider();
const anna = { phoneNumber: '+14155552671', provider, path: '/api/v1/two-factor' };
const password = 'a password of the tests';
let database: TestDatabase;
let app: INestApplication;

beforeAll(async () => {
  database = await startTestDatabase();
  await runMigrations(database.url);
  app = await createApp({ databaseUrl: database.url, jwtSecret, verification: { provider, keys } });
  await app.init();
});
afterAll(async () => {
  await app.close();
  await database.stop();
});

const agent = () => supertest.agent(app.getHttpServer());

/** Signs in with the password, and sends the token from then on. */
async function signedIn() {
  const client = agent();
  const { body } = await client
    .post('/api/v1/auth/login')
    .send({ email: 'anna@example.com', password })
    .expect(200);
  client.auth(body.accessToken, { type: 'bearer' });
  return { client, secondFactorPending: body.secondFactorPending };
}

test('a user enrols a phone, and from then on signs in with a code', async () => {
  const first = await signedIn();
  expect(first.secondFactorPending).toBe(false);
  await signInWithSms(first.client, anna);

  const { client, secondFactorPending } = await signedIn();
  expect(secondFactorPending).toBe(true);
  const refused = await client.get('/api/v1/notes').expect(403);
  // In the application's own shape, with what a client needs to go on.
  expect(refused.body.error).toMatchObject({
    code: 'second-factor-required',
    next: '/api/v1/two-factor?returnTo=%2Fapi%2Fv1%2Fnotes',
  });
  const { accessToken } = await signInWithSms(client, anna);
  client.auth(accessToken, { type: 'bearer' });
  await client.get('/api/v1/notes').expect(200, { userId: 'anna', notes: [] });
  await client.get('/api/v1/notes/secret').expect(200);
});

test('a factor that was shown long ago is not enough', async () => {
  const { client } = await signedIn();
  const { accessToken } = await signInWithSms(client, anna);
  client.auth(accessToken, { type: 'bearer' });
  await client.get('/api/v1/notes/secret').expect(200);
  await database.clock.advance(3600);
  await client.get('/api/v1/notes/secret').expect(403);
  await database.clock.reset();
});

test('the application’s public routes need no second marker', async () => {
  await agent()
    .get('/api/v1/notes/public')
    .expect(200, { notes: ['public'] });
  await agent().get('/api/v1/notes').expect(401);
});

test('the application’s validation answers as before', async () => {
  await agent()
    .post('/api/v1/auth/login')
    .send({ email: 'x', password: 'y', role: 'admin' })
    .expect(400, {
      error: {
        message: ['property role should not exist', 'email must be an email'],
        error: 'Bad Request',
        statusCode: 400,
      },
    });
});

test('Vonage without its SDK says what to install', async () => {
  const vonage = { apiKey: 'a', apiSecret: 'b', brand: 'ACME' };
  const module = AppModule.forRoot({ databaseUrl: database.url, jwtSecret, verification: { vonage, keys } });
  await expect(
    NestFactory.createApplicationContext(module, { abortOnError: false, logger: false }),
  ).rejects.toThrow(/npm install @vonage\/server-sdk/);
});
