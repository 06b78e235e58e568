import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { startTestDatabase, type TestDatabase } from 'nest-sms-otp/testing';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AppModule } from '../src/app.module.js';
import { Gateway } from '../src/gateway.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const gateway = new Gateway();
let database: TestDatabase;
let pool: Pool;
let app: NestExpressApplication;

beforeAll(async () => {
  database = await startTestDatabase();
  pool = new Pool({ connectionString: database.url });
  // As `pg` asks for: the server may go away while a connection is idle.
  pool.on('error', () => undefined);
  const keys = { encryption: ring('e1'), fingerprint: ring('f1') };
  app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot({ pool, gateway, keys }), {
    logger: ['error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await app.close();
  await pool.end();
  await database.stop();
});

const open = async (path: string, form?: Record<string, string>) => {
  const response = await fetch((await app.getUrl()) + path, {
    method: form ? 'POST' : 'GET',
    headers: { Accept: 'text/html', 'Accept-Language': 'de' },
    ...(form ? { body: new URLSearchParams(form) } : {}),
  });
  return { status: response.status, page: await response.text() };
};

test('a person proves a number in German, with a text of the application’s own gateway', async () => {
  const { page: phone } = await open('/telefon');
  expect(phone).toMatch(/<h1[^>]*>Telefonnummer bestätigen/);
  expect(phone).toMatch(/action="\/telefon\/request-otp"/);

  const { page } = await open('/telefon/request-otp', { phoneNumber: '+49 1512 3456789' });
  const requestId = /name="requestId" value="([^"]+)"/.exec(page)![1]!;
  const [message] = gateway.sent;
  expect(message!.to).toBe('+4915123456789');
  const code = /^(\d{6}) ist Ihr Code für ACME\. Er gilt 5 Minuten\.$/.exec(message!.text)![1]!;

  const wrong = code === '000000' ? '111111' : '000000';
  expect((await open('/telefon/verify-otp', { requestId, otpCode: wrong })).status).toBe(422);
  const verified = await open('/telefon/verify-otp', { requestId, otpCode: code });
  expect(verified.status).toBe(200);
  expect(verified.page).toMatch(/<p id="of-the-host">/);
});

test('the tables are where the application wants them', async () => {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'auth' ORDER BY 1`,
  );
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter(({ name }) => !name.startsWith('sms_'))).toEqual([]);
});

test('a code that came too late is refused', async () => {
  const { page } = await open('/telefon/request-otp', { phoneNumber: '+49 1512 3456780' });
  const requestId = /name="requestId" value="([^"]+)"/.exec(page)![1]!;
  await database.clock.advance(301);
  expect((await open('/telefon/verify-otp', { requestId, otpCode: '123456' })).status).toBe(410);
});
