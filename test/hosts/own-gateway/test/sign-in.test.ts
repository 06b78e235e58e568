import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Pool } from 'pg';
import { AppModule } from '../src/app.module.js';
import { Gateway } from '../src/gateway.js';

const ring = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const gateway = new Gateway();
const pool = new Pool({ connectionString: process.env['DATABASE_URL'] });
let app: NestExpressApplication;

before(async () => {
  const keys = { encryption: ring('e1'), fingerprint: ring('f1') };
  app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot({ pool, gateway, keys }), {
    logger: ['error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
});
after(async () => {
  await app.close();
  await pool.end();
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
  assert.match(phone, /<h1[^>]*>Telefonnummer bestätigen/);
  assert.match(phone, /action="\/telefon\/request-otp"/);

  const { page } = await open('/telefon/request-otp', { phoneNumber: '+49 1512 3456789' });
  const requestId = /name="requestId" value="([^"]+)"/.exec(page)![1]!;
  const [message] = gateway.sent;
  assert.equal(message!.to, '+4915123456789');
  const code = /^(\d{6}) ist Ihr Code für ACME\. Er gilt 5 Minuten\.$/.exec(message!.text)![1]!;

  const wrong = code === '000000' ? '111111' : '000000';
  assert.equal((await open('/telefon/verify-otp', { requestId, otpCode: wrong })).status, 422);
  const verified = await open('/telefon/verify-otp', { requestId, otpCode: code });
  assert.equal(verified.status, 200);
  assert.match(verified.page, /<p id="of-the-host">/);
});

test('the tables are where the application wants them', async () => {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'auth' ORDER BY 1`,
  );
  assert.ok(rows.length > 8);
  assert.deepEqual(
    rows.filter(({ name }) => !name.startsWith('sms_')),
    [],
  );
});
