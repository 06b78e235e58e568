import pg from 'pg';
import { AnnouncementWatermark } from '../src/verification/journal/announcement-watermark.js';
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
    const clean = run(process.execPath, ['dist/src/commands/verify-journal.js'], environment);
    expect(await clean.ended()).toBe(0);
    expect(clean.output()).toContain('1 request, 2 events: nobody has altered the journal');
    await sql.query(`UPDATE verification_events SET reason = 'because' WHERE number = 2`);
    const altered = run(process.execPath, ['dist/src/commands/verify-journal.js'], environment);
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
      const { client, started } = application;
      const { requestId, code } = await started();
      await client.json('POST', '/verify-otp', { requestId, otpCode: code });
      // The first round failed on the last one: all subscribers get it again, and nobody gets less than all.
      await until(async () => seen.filter(({ type }) => type === 'matched').length === 2);
      const told = new Set(seen.map(({ number, type }) => `${number} ${type}`));
      expect([...told].sort()).toEqual(['1 started', '2 sent', '3 check-claimed', '4 matched']);
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

  it('those of an instance that died before it had announced them are announced by another', async () => {
    const application = await startApplication();
    try {
      const { started, sql, app } = application;
      const { EventEmitter2 } = await import('@nestjs/event-emitter');
      const seen: VerificationEvent[] = [];
      app.get(EventEmitter2).on(VERIFICATION_EVENT, (event: VerificationEvent) => seen.push(event));
      const { requestId } = await started();
      await until(async () => seen.length === 2);
      seen.length = 0;
      // As a killed instance leaves it: not seen for a while, and not come as far as these events.
      await sql.query(
        `INSERT INTO event_announcers VALUES (gen_random_uuid(), clock_timestamp() - interval '1 minute', clock_timestamp() - interval '16 s')`,
      );
      await until(async () => seen.length >= 2);
      expect(seen).toMatchObject([
        { requestId, number: 1, type: 'started' },
        { requestId, number: 2, type: 'sent' },
      ]);
      await until(async () => (await sql.query('SELECT 1 FROM event_announcers')).rows.length === 1);
    } finally {
      await application.close();
    }
  });

  it('those whose statement lost its answer are found again', async () => {
    const application = await startApplication();
    try {
      const { started, sql, app, client } = application;
      const { EventEmitter2 } = await import('@nestjs/event-emitter');
      const seen = new Set<string>();
      app
        .get(EventEmitter2)
        .on(VERIFICATION_EVENT, ({ requestId, number }: VerificationEvent) =>
          seen.add(`${requestId} ${number}`),
        );
      const { StatementRunner } = await import('../src/verification/verification.statement-runner.js');
      const runner = app.get(StatementRunner, { strict: false });
      const { requestId, code } = await started();
      // The statement is run, and its answer is lost on the way.
      const query = Reflect.get(runner, 'query') as (...values: unknown[]) => Promise<unknown>;
      Reflect.set(runner, 'query', async (name: string, values: unknown[]) => {
        const rows = await query.call(runner, name, values);
        if (name === 'finishCheck') throw new Error('Connection terminated unexpectedly');
        return rows;
      });
      await client.json('POST', '/verify-otp', { requestId, otpCode: code });
      await until(async () => seen.size === 4);
      const { rows } = await sql.query<{ key: string }>(
        `SELECT request_id || ' ' || number AS key FROM verification_events`,
      );
      expect([...seen].sort()).toEqual(rows.map(({ key }) => key).sort());
    } finally {
      await application.close();
    }
  });
});

describe('the watermark of what is announced', () => {
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

  it('never passes a statement under way, an event that waits, or one whose answer was lost', () => {
    const watermark = new AnnouncementWatermark();
    watermark.itIs(at(1));
    const [first, second] = [watermark.begins(), watermark.begins()];
    watermark.itIs(at(2));
    expect(watermark.announcedUntil).toEqual(at(1));
    second([{ id: 'b', events: 1 }]);
    const third = watermark.begins();
    watermark.itIs(at(3));
    watermark.announced(watermark.take(10));
    expect(watermark.announcedUntil).toEqual(at(1));
    first([{ id: 'a', events: 1 }]);
    expect(watermark.announcedUntil).toEqual(at(1));
    watermark.announced(watermark.take(10));
    expect(watermark.announcedUntil).toEqual(at(2));
    third(null);
    expect([watermark.announcedUntil, watermark.isClear]).toEqual([at(2), false]);
    watermark.found(at(2));
    expect([watermark.announcedUntil, watermark.isClear]).toEqual([at(3), true]);
  });
});
