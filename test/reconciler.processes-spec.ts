import { setTimeout as sleep } from 'node:timers/promises';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';
import type { Answer, Client } from './support/client.js';
import { type Program, run } from './support/program.js';
import { until } from './support/until.js';

const canVerify = async (client: Client, requestId: string) => {
  const { body } = await client.json('GET', `/verifications/${requestId}`);
  return (body['actions'] as string[]).includes('verify');
};

describe.each(['v2', 'v1'])('messages whose answer was lost are found again by themselves (%s)', (api) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({
      VONAGE_VERIFY_API: api,
      VONAGE_TIMEOUT_MS: '1000',
      RESEND_COOLDOWN_SECONDS: '0',
      RECONCILE_EVERY_SECONDS: '1',
    });
  });
  afterAll(() => application.close());

  const lostRequest = async (fault: object) => {
    const phoneNumber = freshNumber();
    await application.fault({ operation: 'start', to: phoneNumber, ...fault });
    const lost: Answer = await application.client.json('POST', '/request-otp', { phoneNumber });
    expect([lost.status, lost.body['code']]).toEqual([503, 'provider-unavailable']);
    return { phoneNumber, requestId: lost.body['requestId'] as string };
  };
  it.each([
    ['went out', { kind: 'lost-answer' }],
    ['went out slowly', { kind: 'black-hole', afterEffect: true }],
    ['did not go out', { kind: 'reset' }],
    ['met nonsense', { kind: 'garbage' }],
  ])('a first message that %s: one message, and its code works', async (_name, fault) => {
    const { phoneNumber, requestId } = await lostRequest(fault);
    await until(() => canVerify(application.client, requestId));
    expect(application.sandbox.ledger(phoneNumber)).toHaveLength(1);
    const otpCode = application.codeFor(phoneNumber);
    expect((await application.client.json('POST', '/verify-otp', { requestId, otpCode })).status).toBe(200);
  });

  it('a further message: the newest code works, and no third one is sent', async () => {
    const { client, started, sandbox, codeFor, advanceProvider } = application;
    const { requestId, phoneNumber } = await started();
    await advanceProvider(31);
    await application.fault({ kind: 'lost-answer', operation: 'start', to: phoneNumber });
    expect((await client.json('POST', '/resend-otp', { requestId })).status).toBe(503);
    await until(() => canVerify(application.client, requestId));
    expect(sandbox.ledger(phoneNumber)).toHaveLength(2);
    expect(
      (await client.json('POST', '/verify-otp', { requestId, otpCode: codeFor(phoneNumber) })).status,
    ).toBe(200);
  });

  it('a lost call comes as a call, and not as a text', async () => {
    const { client, started, sandbox, advanceProvider } = application;
    const { requestId, phoneNumber } = await started();
    await advanceProvider(31);
    await application.fault({ kind: 'reset', operation: 'start', to: phoneNumber });
    expect((await client.json('POST', '/resend-otp', { requestId, channel: 'voice' })).status).toBe(503);
    await until(() => canVerify(application.client, requestId));
    expect(sandbox.ledger(phoneNumber).map(({ channel }) => channel)).toEqual(['sms', 'voice']);
  });

  it('a message that is never found ends its request as lost, and the number is free again', async () => {
    const { client, sql } = application;
    const phoneNumber = freshNumber();
    await application.fault({
      kind: 'status',
      status: 500,
      operation: 'start',
      to: phoneNumber,
      times: 'always',
    });
    const { body } = await client.json('POST', '/request-otp', { phoneNumber });
    await sql.query(`UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1`, [
      body['requestId'],
    ]);
    await sql.query(`UPDATE otp_number_slots SET live_until = now() WHERE live_request_id = $1`, [
      body['requestId'],
    ]);
    const { VerificationReconciler } = await import('../src/index.js');
    await application.app.get(VerificationReconciler).runOnce();
    const { rows } = await sql.query('SELECT status, reason FROM otp_verification_requests WHERE id = $1', [
      body['requestId'],
    ]);
    expect(rows).toEqual([{ status: 'FAILED', reason: 'send-lost' }]);
    await fetch(`${application.sandbox.url}/faults`, { method: 'DELETE' });
    expect((await client.json('POST', '/request-otp', { phoneNumber })).status).toBe(200);
  });

  it('requests whose time ran out are written down as expired', async () => {
    const { started, sql, app } = application;
    const { requestId } = await started();
    await sql.query(`UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1`, [requestId]);
    const { VerificationReconciler } = await import('../src/index.js');
    await app.get(VerificationReconciler).runOnce();
    const { rows } = await sql.query('SELECT status FROM otp_verification_requests WHERE id = $1', [
      requestId,
    ]);
    expect(rows).toEqual([{ status: 'EXPIRED' }]);
  });
});

describe('an instance that is killed while it asks the provider', () => {
  it('leaves nothing lost and nothing sent twice: another one finishes its work', async () => {
    const application = await startApplication({ RECONCILE_EVERY_SECONDS: '1', VONAGE_TIMEOUT_MS: '1000' });
    const programs: Program[] = [];
    try {
      const { sandbox, client, sql, codeFor } = application;
      const environment = {
        DATABASE_URL: application.databaseUrl,
        DATA_DIRECTORY: application.dataDirectory,
        VONAGE_API_HOST: sandbox.url,
        VONAGE_TIMEOUT_MS: '1000',
        PORT: '0',
      };
      for (let round = 0; round < 3; round += 1) {
        const phoneNumber = freshNumber();
        // The message goes out at once, its answer would take a second: the kill comes in between, or before, or after.
        await application.fault({
          kind: 'latency',
          latencyMs: 900,
          operation: 'start',
          to: phoneNumber,
          afterEffect: true,
        });
        const victim = run(process.execPath, ['dist/src/main.js'], environment);
        programs.push(victim);
        const [, url] = await victim.says(/The application\s+(http:\S+)/);
        const answer = fetch(`${url}/request-otp`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ phoneNumber }),
        }).catch(() => null);
        let requestId = '';
        await until(async () => {
          const { rows } = await sql.query<{ id: string }>(
            `SELECT id FROM otp_verification_requests WHERE status = 'SENDING' ORDER BY created_at DESC LIMIT 1`,
          );
          requestId = rows[0]?.id ?? '';
          return rows.length > 0;
        });
        await sleep(round * 300);
        victim.process.kill('SIGKILL');
        await answer;

        await until(() => canVerify(client, requestId));
        expect(sandbox.ledger(phoneNumber)).toHaveLength(1);
        const verified = await client.json('POST', '/verify-otp', {
          requestId,
          otpCode: codeFor(phoneNumber),
        });
        expect(verified.status).toBe(200);
      }
    } finally {
      for (const program of programs) program.process.kill('SIGKILL');
      await application.close();
    }
  });
});

describe('npm run reconcile', () => {
  it('does one round and reports it', async () => {
    const application = await startApplication();
    try {
      const phoneNumber = freshNumber();
      await application.fault({ kind: 'lost-answer', operation: 'start', to: phoneNumber });
      await application.client.json('POST', '/request-otp', { phoneNumber });
      const program = run(process.execPath, ['dist/src/commands/reconcile.js'], {
        DATABASE_URL: application.databaseUrl,
        DATA_DIRECTORY: application.dataDirectory,
        VONAGE_API_HOST: application.sandbox.url,
      });
      expect(await program.ended()).toBe(0);
      expect(program.output()).toContain('{"recovered":1,"unresolved":0,"settled":0,"swept":0}');
      expect(application.sandbox.ledger(phoneNumber)).toHaveLength(1);
    } finally {
      await application.close();
    }
  });
});
