// What somebody would write by hand who wants the same guarantees and nothing else: Express, pg with four named
// single-row statements, undici. One live request per number, an attempt spent before the provider is asked, a code
// accepted once; numbers encrypted and fingerprinted. No limits, logs, pages, languages, recovery or validation messages.
import { createCipheriv, createHmac, randomBytes, randomUUID } from 'node:crypto';
import express from 'express';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { vonage } from './vonage.mjs';

export const SCHEMA = `
  CREATE TABLE requests (
    id uuid PRIMARY KEY, status text NOT NULL, number text NOT NULL, fingerprint bytea NOT NULL, caller bytea NOT NULL,
    provider_id text, attempts smallint NOT NULL DEFAULT 0, send_until timestamptz, check_token uuid,
    check_until timestamptz, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL, verified_at timestamptz
  ) WITH (fillfactor = 60);
  CREATE INDEX requests_fingerprint ON requests (fingerprint, created_at);
  CREATE INDEX requests_created ON requests USING brin (created_at);
  CREATE TABLE guards (fingerprint bytea PRIMARY KEY, request_id uuid, live_until timestamptz) WITH (fillfactor = 70);`;

const START = `
  WITH guard AS (
    INSERT INTO guards AS g VALUES ($3, $1, now() + interval '5 minutes')
    ON CONFLICT (fingerprint) DO UPDATE SET request_id = excluded.request_id, live_until = excluded.live_until
      WHERE g.live_until IS NULL OR g.live_until <= now()
    RETURNING live_until)
  INSERT INTO requests (id, status, number, fingerprint, caller, send_until, created_at, expires_at)
  SELECT $1, 'SENDING', $2, $3, $4, now() + interval '8 seconds', now(), live_until FROM guard
  RETURNING expires_at`;
const SENT = `
  UPDATE requests SET status = 'PENDING', provider_id = $2, send_until = NULL WHERE id = $1 AND status = 'SENDING'`;
const CLAIM = `
  UPDATE requests SET attempts = attempts + 1, check_token = $2, check_until = now() + interval '8 seconds'
   WHERE id = $1 AND status = 'PENDING' AND attempts < 3 AND expires_at > now()
     AND (check_until IS NULL OR check_until <= now())
  RETURNING provider_id`;
const FINISH = `
  WITH changed AS (
    UPDATE requests SET status = $3, check_token = NULL, check_until = NULL,
           verified_at = CASE WHEN $3 = 'VERIFIED' THEN now() END
     WHERE id = $1 AND check_token = $2 RETURNING id, status, fingerprint),
  freed AS (
    UPDATE guards g SET request_id = NULL, live_until = NULL FROM changed c
     WHERE c.status = 'VERIFIED' AND g.fingerprint = c.fingerprint AND g.request_id = c.id)
  SELECT status FROM changed`;

const KEY = randomBytes(32);
/** @param {string} text */
const fingerprint = (text) => createHmac('sha256', KEY).update(text).digest();
/** @type {(text: string, id: string) => string} */
const seal = (text, id) => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', KEY, iv).setAAD(Buffer.from(id));
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
};

function serve() {
  const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
  const provider = vonage();
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(express.json());

  app.post('/request-otp', async (request, response) => {
    const { phoneNumber } = request.body ?? {};
    if (!/^\+[1-9]\d{6,14}$/.test(phoneNumber))
      return void response.status(400).json({ code: 'invalid-phone-number' });
    const id = uuidv7();
    const values = [id, seal(phoneNumber, id), fingerprint(phoneNumber), fingerprint(request.ip ?? '')];
    const { rows } = await pool.query({ name: 'start', text: START, values });
    if (rows.length === 0) return void response.status(409).json({ code: 'phone-busy' });
    const providerId = await provider.start(phoneNumber);
    await pool.query({ name: 'sent', text: SENT, values: [id, providerId] });
    response.json({ requestId: id, status: 'PENDING', expiresAt: rows[0].expires_at });
  });

  app.post('/verify-otp', async (request, response) => {
    const { requestId, otpCode } = request.body ?? {};
    if (!/^[0-9a-f-]{36}$/.test(requestId) || !/^\d{6}$/.test(otpCode)) {
      return void response.status(400).json({ code: 'invalid-input' });
    }
    const token = randomUUID();
    const { rows } = await pool.query({ name: 'claim', text: CLAIM, values: [requestId, token] });
    if (rows.length === 0) return void response.status(409).json({ code: 'not-ready' });
    const status = (await provider.check(rows[0].provider_id, otpCode)) ? 'VERIFIED' : 'PENDING';
    await pool.query({ name: 'finish', text: FINISH, values: [requestId, token, status] });
    response.status(status === 'VERIFIED' ? 200 : 422).json({ requestId, status });
  });
  app.listen(Number(process.env['PORT']), '127.0.0.1');
}

if (process.argv[1] === import.meta.filename) serve();
