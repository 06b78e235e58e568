import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { startTestDatabase, type TestDatabase } from 'nest-sms-otp/testing';

const lines: string[] = [];
const log = (message: unknown) => void lines.push(String(message));
const logger: LoggerService = { log, warn: log, error: log };
let database: TestDatabase;
let app: NestExpressApplication;

before(async () => {
  database = await startTestDatabase();
  // The environment wins over the line in .env.
  process.env['DATABASE_URL'] = database.url;
  const { AppModule } = await import('../src/app.module.js');
  app = await NestFactory.create<NestExpressApplication>(AppModule, { logger });
  await app.listen(0, '127.0.0.1');
});
after(async () => {
  await app.close();
  await database.stop();
});

const post = async (path: string, body: object) => {
  const response = await fetch((await app.getUrl()) + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
};

test('after `init` and nothing else, a code comes and is accepted', async () => {
  const { body } = await post('/phone/request-otp', { phoneNumber: '+14155552671' });
  const message = lines.find((line) => line.startsWith('to +14155552671: '));
  const otpCode = /\b\d{6}\b/.exec(message!)![0];
  const verified = await post('/phone/verify-otp', { requestId: body.requestId, otpCode });
  assert.deepEqual([verified.status, verified.body.status], [200, 'VERIFIED']);
});

test('the application’s own page stays', async () => {
  assert.equal(await (await fetch(await app.getUrl())).text(), 'Hello World!');
});
