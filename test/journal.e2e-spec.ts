import pg from 'pg';
import { JournalAuditor, VERIFICATION_EVENT, type VerificationEvent } from '../src/index.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import { run } from './support/program.js';
import { until } from './support/until.js';

describe('every change of a request is in the journal', () => {
  let application: TestApplication;
  beforeEach(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterEach(() => application.close());

  const journal = async (requestId: string) => {
    const { rows } = await application.sql.query<{ line: string }>(
      `SELECT concat_ws(' ', number, type, coalesce(from_status, '-'), to_status, actor, coalesce(reason, '-'), provider_status) AS line
         FROM verification_events WHERE request_id = $1 ORDER BY number`,
      [requestId],
    );
    return rows.map(({ line }) => line);
  };
  const audit = () => application.app.get(JournalAuditor).run();

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
    expect(await audit()).toMatchObject({ requests: 2, events: 13, alterations: [] });
  });

  it('the application may add to it and read it, and no more', async () => {
    const client = new pg.Client({ connectionString: application.databaseUrl });
    await client.connect();
    try {
      await application.started();
      for (const statement of [
        `UPDATE verification_events SET actor = 'nobody'`,
        'DELETE FROM verification_events',
        'TRUNCATE verification_events',
      ]) {
        await expect(client.query(statement)).rejects.toThrow('permission denied');
      }
    } finally {
      await client.end();
    }
  });

  it.each([
    [
      'a word that was altered',
      `UPDATE verification_events SET actor = 'nobody' WHERE number = 2`,
      2,
      'altered',
    ],
    [
      'a time that was altered',
      `UPDATE verification_events SET at = at + interval '1 microsecond' WHERE number = 3`,
      3,
      'altered',
    ],
    [
      'a hash that was altered',
      `UPDATE verification_events SET hash = sha256('x') WHERE number = 2`,
      2,
      'altered',
    ],
    ['an event that was removed', 'DELETE FROM verification_events WHERE number = 2', 2, 'missing'],
    ['the last one that was removed', 'DELETE FROM verification_events WHERE number = 4', 4, 'cut-off'],
    ['all of a request that were removed', 'DELETE FROM verification_events', 1, 'cut-off'],
    [
      'one that was added',
      `INSERT INTO verification_events (request_id, number, at, type, to_status, actor, hash)
        SELECT request_id, 5, now(), 'matched', 'VERIFIED', 'caller', hash FROM verification_events WHERE number = 4`,
      5,
      'altered',
    ],
    ['a request whose rows are gone', 'DELETE FROM verification_requests', 1, 'altered'],
  ])('%s is found and named', async (_name, tamper, number, what) => {
    const { client, started, sql } = application;
    const { requestId, code } = await started();
    await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    await sql.query(tamper.replace(/;$/, ''));
    const others = await started();
    const { alterations } = await audit();
    expect(alterations[0]).toMatchObject({ requestId, number, what });
    expect(alterations.filter((found) => found.requestId === others.requestId)).toEqual([]);
  });

  it('npm run journal:verify says so, and its exit code too', async () => {
    const { started, sql, databaseUrl, dataDirectory } = application;
    const { requestId } = await started();
    const environment = { DATABASE_URL: databaseUrl, DATA_DIRECTORY: dataDirectory };
    const clean = run(process.execPath, ['dist/commands/verify-journal.js'], environment);
    expect(await clean.ended()).toBe(0);
    expect(clean.output()).toContain('1 request, 2 events: nobody has altered the journal');
    await sql.query(`UPDATE verification_events SET reason = 'because' WHERE number = 2`);
    const altered = run(process.execPath, ['dist/commands/verify-journal.js'], environment);
    expect(await altered.ended()).toBe(1);
    expect(altered.output()).toContain(`request ${requestId}, event 2`);
  });
});

describe('events are announced after their commit, at least once', () => {
  it('every one, with its content; a subscriber that fails gets it again; nothing is left over', async () => {
    const application = await startApplication();
    try {
      const { EventEmitter2 } = await import('@nestjs/event-emitter');
      const emitter = application.app.get(EventEmitter2);
      const seen: VerificationEvent[] = [];
      emitter.on(VERIFICATION_EVENT, (event: VerificationEvent) => seen.push(event));
      let failures = 1;
      emitter.on(
        'verification.matched',
        async () => {
          if (failures-- > 0) throw new Error('not now');
        },
        { promisify: true },
      );
      const { client, started, sql } = application;
      const { requestId, code } = await started();
      await client.json('POST', '/verify-otp', { requestId, otpCode: code });
      await until(async () => seen.filter(({ type }) => type === 'matched').length === 1);
      // Taken for 30 seconds, after which it is anybody's again.
      await sql.query(`UPDATE verification_outbox SET taken_until = clock_timestamp()`);
      await until(async () => (await sql.query('SELECT 1 FROM verification_outbox')).rows.length === 0);
      expect(seen.map(({ number, type }) => `${number} ${type}`)).toEqual([
        '1 started',
        '2 sent',
        '3 check-claimed',
        '4 matched',
        '4 matched',
      ]);
      expect(seen.at(-1)).toMatchObject({
        requestId,
        from: 'PENDING',
        to: 'VERIFIED',
        actor: 'caller',
        providerStatus: 'matched',
        purpose: 'phone-verification',
      });
      expect(JSON.stringify(seen)).not.toContain(freshNumber().slice(0, 6));
    } finally {
      await application.close();
    }
  });

  it('those of an instance that died are announced by another', async () => {
    const application = await startApplication();
    try {
      const { started, sql, app } = application;
      const { EventEmitter2 } = await import('@nestjs/event-emitter');
      const seen: VerificationEvent[] = [];
      const { requestId } = await started();
      await until(async () => (await sql.query('SELECT 1 FROM verification_outbox')).rows.length === 0);
      app.get(EventEmitter2).on(VERIFICATION_EVENT, (event: VerificationEvent) => seen.push(event));
      // As a killed instance leaves it: taken, and never cleared.
      await sql.query(`INSERT INTO verification_outbox VALUES ($1, 2, clock_timestamp() + interval '1 s')`, [
        requestId,
      ]);
      await until(async () => seen.length > 0);
      expect(seen).toMatchObject([{ requestId, number: 2, type: 'sent' }]);
    } finally {
      await application.close();
    }
  });
});
