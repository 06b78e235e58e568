import pg from 'pg';
import { startApplication, type TestApplication, wrongCode } from '../support/application.js';
import { sealEverything } from '../support/seal.js';
import { empty, verify } from './journal.js';

describe('every change of a request is in the journal', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0', DATABASE_POOL_SIZE: '10' });
  });
  afterEach(() => empty(application));
  afterAll(() => application.close());

  const journal = async (requestId: string) => {
    const { rows } = await application.sql.query<{ line: string }>(
      `SELECT concat_ws(' ', number, type, coalesce(from_status, '-'), to_status, actor, coalesce(reason, '-'), provider_status) AS line
         FROM otp_verification_events WHERE request_id = $1 ORDER BY number`,
      [requestId],
    );
    return rows.map(({ line }) => line);
  };

  it('who, from, to, why, and what the provider said', async () => {
    const { client, started, advanceProvider, codeFor, fault } = application;
    const { requestId, code, phoneNumber } = await started();
    await client.json('POST', '/verify-otp', { requestId, otpCode: wrongCode(code) });
    await fault({ kind: 'status', status: 429, operation: 'check', to: phoneNumber, retryAfterSeconds: 1 });
    await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await advanceProvider(31);
    await client.json('POST', '/resend-otp', { requestId });
    await client.json('POST', '/verify-otp', { requestId, otpCode: codeFor(phoneNumber) });
    expect(await journal(requestId)).toEqual([
      '1 started - SENDING caller -',
      '2 sent SENDING PENDING caller - started',
      '3 check-claimed PENDING PENDING caller -',
      '4 mismatched PENDING PENDING caller - mismatched',
      '5 check-claimed PENDING PENDING caller -',
      '6 not-judged PENDING PENDING caller - fault throttled http 429',
      '7 resend-claimed PENDING PENDING caller -',
      '8 resent PENDING PENDING caller - started',
      '9 check-claimed PENDING PENDING caller -',
      '10 matched PENDING VERIFIED caller - matched',
    ]);

    const cancelled = await started();
    await client.json('POST', '/cancel-otp', { requestId: cancelled.requestId });
    expect((await journal(cancelled.requestId)).at(-1)).toBe(
      '3 cancelled PENDING CANCELLED caller cancelled-by-caller',
    );
    expect(await verify(application)).toMatchObject({ requests: 2, rows: 0, notSealed: 13, findings: [] });
    await sealEverything(application);
    expect(await verify(application)).toMatchObject({ requests: 2, rows: 13, notSealed: 0, findings: [] });
  });

  it('the application may add to it and read it, and no more', async () => {
    const client = new pg.Client({ connectionString: application.databaseUrl });
    await client.connect();
    try {
      await application.started();
      await sealEverything(application);
      for (const statement of [
        `UPDATE otp_verification_events SET actor = 'nobody'`,
        'DELETE FROM otp_verification_events',
        'TRUNCATE otp_verification_events',
        `UPDATE otp_journal_seals SET hash = ''`,
        'DELETE FROM otp_journal_seals',
        'TRUNCATE otp_journal_seals',
      ]) {
        await expect(client.query(statement)).rejects.toThrow('permission denied');
      }
    } finally {
      await client.end();
    }
  });
});
