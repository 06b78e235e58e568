import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  FakeVerificationProvider,
  signInWithSms,
  startTestDatabase,
  type TestDatabase,
} from 'nest-sms-otp/testing';
import supertest from 'supertest';
import { createApp } from '../src/create-app.js';
import { VerificationListener } from '../src/verification.listener.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const phoneNumber = '+14155552671';
const provider = new FakeVerificationProvider();
let database: TestDatabase;
let app: NestExpressApplication;

before(async () => {
  database = await startTestDatabase();
  app = await createApp({
    databaseUrl: database.url,
    sessionSecret: randomBytes(32).toString('base64url'),
    verification: { provider, keys: { encryption: ring('e1'), fingerprint: ring('f1') } },
  });
  await app.init();
});
after(async () => {
  await app.close();
  await database.stop();
});

const agent = () => supertest.agent(app.getHttpServer());
const login = { email: 'anna@example.com', password: 'a password of the tests' };

test('a user enrols a phone, and from then on signs in with a code', async () => {
  const first = agent();
  await first.post('/login').send(login).expect(200, { next: '/account' });
  await signInWithSms(first, { phoneNumber, provider });

  const client = agent();
  await client.post('/login').send(login).expect(200, { next: '/two-factor?returnTo=%2Faccount' });
  await client.get('/account').expect(403);
  const { text } = await client.get('/two-factor').set('Accept', 'text/html').expect(200);
  assert.match(text, /<form method="post" action="\/two-factor\/challenge"/);
  await signInWithSms(client, { phoneNumber, provider });
  await client.get('/account').expect(200, { userId: 'anna', amr: ['pwd', 'sms', 'mfa'] });
  await client.get('/account/api-keys').expect(200);
  await database.clock.advance(301);
  await client.get('/account/api-keys').expect(403);
  await database.clock.reset();
});

test('a wrong password is Passport’s own refusal', async () => {
  await agent()
    .post('/login')
    .send({ ...login, password: 'wrong' })
    .expect(401, { message: 'Unauthorized', statusCode: 401 });
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
