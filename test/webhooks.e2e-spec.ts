import { createHash, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { v7 as uuidv7 } from 'uuid';
import { startApplication, type TestApplication, wrongCode } from './support/application.js';
import { until } from './support/until.js';

const SECRET = 'the signature secret of the account';
const PATH = '/webhooks/vonage/verify';

interface Signing {
  secret?: string;
  algorithm?: jwt.Algorithm;
  key?: string | Buffer;
  iat?: number;
  claims?: object;
  /** Of other bytes than are sent. */
  signedBody?: string;
}

describe('webhooks of Verify v2', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ VONAGE_SIGNATURE_SECRET: SECRET });
  });
  beforeEach(() => application.sandbox.sendWebhooksTo({ url: application.url + PATH, secret: SECRET }));
  afterAll(() => application.close());

  const row = async (id: string) => {
    const { rows } = await application.sql.query<Record<string, unknown>>(
      'SELECT status, reason, attempts, price, currency, provider_request_id AS "providerRequestId" FROM otp_verification_requests WHERE id = $1',
      [id],
    );
    return rows[0]!;
  };
  const events = async (id: string) => {
    const { rows } = await application.sql.query<{ line: string }>(
      `SELECT concat_ws(' ', type, from_status, to_status, actor, provider_status) AS line
         FROM otp_verification_events WHERE request_id = $1 ORDER BY number`,
      [id],
    );
    return rows.map(({ line }) => line);
  };
  const summary = (requestId: string, providerRequestId: unknown, status = 'completed') =>
    JSON.stringify({
      type: 'summary',
      request_id: providerRequestId,
      client_ref: requestId.replaceAll('-', ''),
      status,
      price: '0.1000',
    });
  const token = (
    body: string,
    { secret = SECRET, algorithm = 'HS256', key, iat, claims, signedBody }: Signing = {},
  ) =>
    jwt.sign(
      {
        iat: iat ?? Math.floor(Date.now() / 1000),
        payload_hash: createHash('sha256')
          .update(signedBody ?? body)
          .digest('hex'),
        ...claims,
      },
      algorithm === 'none' ? '' : (key ?? secret),
      { algorithm },
    );
  const deliver = (body: string, authorization?: string) =>
    application.client.send('POST', PATH, {
      headers: {
        'Content-Type': 'application/json',
        ...(authorization === undefined ? {} : { Authorization: authorization }),
      },
      body,
    });
  const signed = (body: string, signing?: Signing) => deliver(body, `Bearer ${token(body, signing)}`);

  it('tell what became of a check whose answer was lost: the code was right, and the request is verified once', async () => {
    const { client, started, fault } = application;
    const { requestId, code, phoneNumber } = await started();
    await fault({ kind: 'lost-answer', operation: 'check', to: phoneNumber });
    const lost = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([lost.status, lost.body['code']]).toEqual([503, 'provider-unavailable']);
    await until(async () => (await row(requestId))['status'] === 'VERIFIED');
    const again = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    // The verdict belongs to this code of this caller: repeating it collects the success, once.
    expect([again.status, again.body['status']]).toEqual([200, 'VERIFIED']);
    const replay = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([replay.status, replay.body['code']]).toEqual([409, 'already-verified']);
    const journal = await events(requestId);
    expect(journal.filter((line) => line.startsWith('matched'))).toEqual([
      'matched PENDING VERIFIED provider webhook: verified',
    ]);
  });

  it('are waited for when a further check says "gone": never a success by itself, never an end too early', async () => {
    const { client, started, fault, sandbox } = application;
    sandbox.sendWebhooksTo(null);
    const { requestId, code, phoneNumber } = await started();
    await fault({ kind: 'lost-answer', operation: 'check', to: phoneNumber });
    await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    // However often: the same code spends no attempt, and what is owed is never an end.
    for (let i = 0; i < 5; i += 1) {
      const gone = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
      expect([gone.status, gone.body['code']]).toEqual([409, 'check-in-progress']);
      expect(Number(gone.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(await row(requestId)).toMatchObject({ attempts: 1 });
    const { providerRequestId } = await row(requestId);
    expect((await signed(summary(requestId, providerRequestId))).status).toBe(204);
    expect(await row(requestId)).toMatchObject({ status: 'VERIFIED' });
  });

  it('accept nothing that no check of ours was asked about', async () => {
    const { started, client } = application;
    const { requestId, code } = await started();
    const { providerRequestId } = await row(requestId);
    expect((await signed(summary(requestId, providerRequestId))).status).toBe(204);
    expect(await row(requestId)).toMatchObject({ status: 'PENDING' });
    await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    expect(await row(requestId)).toMatchObject({ status: 'PENDING' });
  });

  it('record what a request cost, and the end the provider gave it', async () => {
    const { client, started, advanceProvider } = application;
    const verified = await started();
    await client.json('POST', '/verify-otp', { requestId: verified.requestId, otpCode: verified.code });
    await until(async () => (await row(verified.requestId))['price'] !== null);
    expect(await row(verified.requestId)).toMatchObject({ status: 'VERIFIED', currency: 'EUR' });

    const expired = await started();
    await advanceProvider(301);
    await until(async () => (await row(expired.requestId))['status'] === 'EXPIRED');
    const blocked = await client.json('POST', '/request-otp', { phoneNumber: '+12025550107' });
    const id = blocked.body['requestId'] as string;
    await until(async () => (await row(id))['status'] === 'FAILED');
    expect(await row(id)).toMatchObject({ reason: 'fraud-blocked' });
    const seen = await client.json('GET', `/verifications/${id}`);
    expect(seen.body['status']).toBe('FAILED');
  });

  it('that come before the answer of the check change nothing about it', async () => {
    const { client, started, fault } = application;
    const { requestId, code, phoneNumber } = await started();
    await fault({ kind: 'latency', latencyMs: 700, operation: 'check', to: phoneNumber, afterEffect: true });
    const answer = await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    expect([answer.status, answer.body['status']]).toEqual([200, 'VERIFIED']);
    const journal = await events(requestId);
    expect(journal.filter((line) => line.startsWith('reported'))).toContain(
      'reported PENDING PENDING provider summary completed',
    );
    expect(journal.at(-1)).toBe('matched PENDING VERIFIED caller matched');
  });

  it.each([
    ['nothing signed', async (body: string) => deliver(body)],
    ['another scheme', async (body: string) => deliver(body, `Basic ${token(body)}`)],
    ['no algorithm', async (body: string) => signed(body, { algorithm: 'none' })],
    ['another algorithm of the same secret', async (body: string) => signed(body, { algorithm: 'HS512' })],
    [
      'an asymmetric algorithm',
      async (body: string) => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
        return signed(body, { algorithm: 'RS256', key });
      },
    ],
    ['another secret', async (body: string) => signed(body, { secret: 'the secret of somebody else' })],
    ['an empty secret', async (body: string) => deliver(body, `Bearer ${token(body).replace(/[^.]+$/, '')}`)],
    [
      'another body',
      async (body: string) => signed(body, { signedBody: body.replace('completed', 'failed') }),
    ],
    ['the same body in other bytes', async (body: string) => signed(body, { signedBody: `${body} ` })],
    ['no hash of the body', async (body: string) => signed(body, { claims: { payload_hash: undefined } })],
    [
      'no time',
      async (body: string) =>
        deliver(
          body,
          `Bearer ${jwt.sign({ payload_hash: createHash('sha256').update(body).digest('hex') }, SECRET, { noTimestamp: true })}`,
        ),
    ],
    ['ten minutes ago', async (body: string) => signed(body, { iat: Math.floor(Date.now() / 1000) - 600 })],
    ['in ten minutes', async (body: string) => signed(body, { iat: Math.floor(Date.now() / 1000) + 600 })],
  ])('with %s are refused and have no effect', async (_name, forge) => {
    const { started, client, fault, sandbox } = application;
    sandbox.sendWebhooksTo(null);
    const { requestId, code, phoneNumber } = await started();
    await fault({ kind: 'lost-answer', operation: 'check', to: phoneNumber });
    await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    const { providerRequestId } = await row(requestId);
    const before = await events(requestId);
    const answer = await forge(summary(requestId, providerRequestId));
    expect([answer.status, answer.body['code']]).toEqual([401, 'unauthorized']);
    expect(await row(requestId)).toMatchObject({ status: 'PENDING', price: null });
    expect(await events(requestId)).toEqual(before);
  });

  it('a hundred times the same, at once and signed anew, have one effect', async () => {
    const { started, client, sandbox } = application;
    sandbox.sendWebhooksTo(null);
    const { requestId, code } = await started();
    await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    const { providerRequestId } = await row(requestId);
    const body = summary(requestId, providerRequestId);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => signed(body, { claims: { jti: String(i) } })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
    expect(await row(requestId)).toMatchObject({ status: 'VERIFIED', price: '0.1000' });
    expect((await events(requestId)).filter((line) => line.startsWith('reported'))).toHaveLength(1);
  });

  it('in any order, and twice each, end every request as it ended', async () => {
    const { started, client, sandbox } = application;
    sandbox.sendWebhooksTo({ url: application.url + PATH, secret: SECRET, duplicate: true, shuffle: true });
    const requests = await Promise.all(Array.from({ length: 30 }, () => started()));
    await Promise.all(
      requests.map(async ({ requestId, code }, index) => {
        const otpCode = index % 2 === 0 ? code : wrongCode(code);
        // Thirty at once may be too many for a busy machine: some are told to come again.
        await until(async () => {
          await client.json('POST', '/verify-otp', { requestId, otpCode });
          return (await row(requestId)).status !== 'PENDING';
        });
      }),
    );
    await until(async () => sandbox.webhooks().every(({ state }) => state !== 'pending'));
    for (const [index, { requestId }] of requests.entries()) {
      const expected =
        index % 2 === 0
          ? { status: 'VERIFIED', reason: null }
          : { status: 'FAILED', reason: 'attempts-exhausted' };
      expect(await row(requestId)).toMatchObject(expected);
      expect((await events(requestId)).filter((line) => line.startsWith('reported'))).toHaveLength(2);
    }
  });

  it('never turn an ended request back, nor into another end', async () => {
    const { started, client, sandbox } = application;
    sandbox.sendWebhooksTo(null);
    const { requestId } = await started();
    const { providerRequestId } = await row(requestId);
    await client.json('POST', '/cancel-otp', { requestId });
    for (const status of ['completed', 'failed', 'expired', 'blocked']) {
      expect((await signed(summary(requestId, providerRequestId, status))).status).toBe(204);
      expect(await row(requestId)).toMatchObject({ status: 'CANCELLED', reason: 'cancelled-by-caller' });
    }
  });

  it('of requests that we do not know, and of another request of the same number, change nothing', async () => {
    const { started, sandbox } = application;
    sandbox.sendWebhooksTo(null);
    const { requestId } = await started();
    for (const reference of [uuidv7(), requestId]) {
      const other = '00000000-1111-4222-8333-444444444444';
      expect((await signed(summary(reference, other, 'failed'))).status).toBe(204);
    }
    expect(await row(requestId)).toMatchObject({ status: 'PENDING' });
    for (const body of ['{}', '[]', '{"request_id":["x"],"type":"summary","status":"completed"}']) {
      expect((await signed(body)).status).toBe(400);
    }
  });
});

describe('without a signature secret', () => {
  it('there are no webhooks', async () => {
    const application = await startApplication();
    try {
      const body = JSON.stringify({ request_id: 'x', type: 'summary', status: 'completed' });
      const answer = await application.client.send('POST', PATH, {
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${jwt.sign({}, 'x')}` },
        body,
      });
      expect(answer.status).toBe(404);
    } finally {
      await application.close();
    }
  });
});
