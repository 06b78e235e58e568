import { Logger } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import pg from 'pg';
import {
  JournalRestorer,
  JournalSealer,
  JournalVerifier,
  VERIFICATION_EVENT,
  type VerificationEvent,
} from '../src/index.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from './support/application.js';
import { furtherInstances } from './support/instances.js';
import { run } from './support/program.js';
import { sealEverything } from './support/seal.js';
import { until } from './support/until.js';

/** What is over by now: a transaction that is open anywhere holds the rest back. */
const sealOnce = ({ app }: TestApplication) => app.get(JournalSealer, { strict: false }).sealAll();
const verify = ({ app }: TestApplication) => app.get(JournalVerifier, { strict: false }).verify();

/** Leaves an empty journal, as a superuser. */
/** Locks the cursor before the events, as the sealer does that may be at work: in the other order they can deadlock. */
const empty = ({ sql }: TestApplication) =>
  sql.query(
    `UPDATE otp_journal_cursors SET xid = 0 WHERE reader = 'seal';
     TRUNCATE otp_verification_requests, otp_verification_events, otp_number_slots, otp_journal_seals`,
  );

/** A transaction of the application's role that stays open until its end is asked for. */
async function openTransaction(application: TestApplication) {
  const client = new pg.Client({ connectionString: application.databaseUrl });
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT pg_current_xact_id()');
  return {
    query: (text: string, values: unknown[] = []) => client.query(text, values),
    async commit() {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

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

  const SWAP_TRANSACTIONS = `
    UPDATE otp_verification_events e SET xid = o.xid FROM otp_verification_events o
     WHERE e.request_id = o.request_id AND e.number IN (2, 3) AND o.number = 5 - e.number`;
  it.each([
    [
      'a word that was altered',
      `UPDATE otp_verification_events SET actor = 'nobody' WHERE number = 2`,
      'altered',
      2,
    ],
    [
      'a time that was altered',
      `UPDATE otp_verification_events SET at = at + interval '1 microsecond' WHERE number = 3`,
      'altered',
      3,
    ],
    ['an event that was removed', 'DELETE FROM otp_verification_events WHERE number = 2', 'missing', 2],
    ['the last event that was removed', 'DELETE FROM otp_verification_events WHERE number = 4', 'missing', 4],
    [
      'the last event that was removed and taken off the request',
      `DELETE FROM otp_verification_events WHERE number = 4;
       UPDATE otp_verification_requests SET events = 3, status = 'PENDING'`,
      'missing',
      4,
    ],
    ['the events of a request that were all removed', 'DELETE FROM otp_verification_events', 'missing', 1],
    [
      'a request that was removed with all its events',
      'DELETE FROM otp_verification_events; DELETE FROM otp_verification_requests',
      'missing',
      1,
    ],
    [
      'an event that was added',
      `INSERT INTO otp_verification_events (request_id, number, at, type, to_status, actor, xid)
        SELECT request_id, 5, now(), 'matched', 'VERIFIED', 'caller', xid FROM otp_verification_events WHERE number = 4`,
      'added',
      5,
    ],
    ['events that changed places', SWAP_TRANSACTIONS, 'reordered', 2],
    ['a request that was removed', 'DELETE FROM otp_verification_requests', 'request-missing', 1],
  ] as const)('%s is found and named', async (_name, tamper, kind, number) => {
    const { client, started, sql } = application;
    const { requestId, code } = await started();
    await sealEverything(application);
    await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    // A seal per batch: events 1 and 2 are in the first one, 3 and 4 in the second.
    await sealEverything(application);
    await sql.query(tamper);
    const other = await started();
    await sealEverything(application);
    const { findings } = await verify(application);
    expect(findings).toContainEqual({ kind, requestId, number });
    expect(findings.filter((found) => found.requestId === other.requestId)).toEqual([]);
    expect(findings.filter((found) => found.kind.startsWith('seal-'))).toEqual([]);
  });

  it.each([
    ['the application’s own role', () => application.databaseUrl],
    ['a superuser', () => undefined],
  ])('a status that %s changes without an event is found and named', async (_name, url) => {
    const { requestId } = await application.started();
    const other = await application.started();
    const connection = url();
    const client = connection ? new pg.Client({ connectionString: connection }) : null;
    await client?.connect();
    try {
      await (client ?? application.sql).query(
        `UPDATE otp_verification_requests SET status = 'VERIFIED', verified_at = now() WHERE id = $1`,
        [requestId],
      );
    } finally {
      await client?.end();
    }
    expect((await verify(application)).findings).toEqual([
      { kind: 'unrecorded-change', requestId, number: 2 },
    ]);
    // It stays visible when a genuine change follows.
    await application.sql.query(`UPDATE otp_verification_requests SET status = 'PENDING' WHERE id = $1`, [
      requestId,
    ]);
    expect((await verify(application)).findings).toEqual([]);
    await application.sql.query(
      `INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, actor)
       VALUES ($1, 3, now(), 'time-ran-out', 'SENDING', 'PENDING', 'caller')`,
      [other.requestId],
    );
    await application.sql.query('UPDATE otp_verification_requests SET events = 3 WHERE id = $1', [
      other.requestId,
    ]);
    expect((await verify(application)).findings).toEqual([
      { kind: 'unrecorded-change', requestId: other.requestId, number: 3 },
    ]);
  });

  it.each([
    [
      'a seal that was altered',
      `UPDATE otp_journal_seals SET row_count = 3 WHERE number = 2`,
      'seal-altered',
      2,
    ],
    ['a seal that was removed', 'DELETE FROM otp_journal_seals WHERE number = 2', 'seal-missing', 2],
    ['the newest seal that was removed', 'DELETE FROM otp_journal_seals WHERE number = 3', 'seal-missing', 3],
    [
      'a seal that hides its range as retired',
      `UPDATE otp_journal_seals SET retired_at = now(), leaves = '' WHERE number = 2`,
      'seal-altered',
      2,
    ],
  ] as const)('%s is found and named', async (_name, tamper, kind, number) => {
    for (let seal = 0; seal < 3; seal += 1) {
      await application.started();
      await sealEverything(application);
    }
    await application.sql.query(tamper);
    expect((await verify(application)).findings).toContainEqual({ kind, requestId: null, number });
  });

  it('never seals past a transaction that is still open, and loses none of its events', async () => {
    const late = await openTransaction(application);
    const { requestId } = await application.started();
    await sealOnce(application);
    expect(await verify(application)).toMatchObject({ seals: 0, notSealed: 2 });
    await late.query(
      `INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, actor)
       VALUES ($1, 3, now(), 'check-claimed', 'PENDING', 'PENDING', 'caller')`,
      [requestId],
    );
    await late.query('UPDATE otp_verification_requests SET events = 3 WHERE id = $1', [requestId]);
    await late.commit();
    await sealEverything(application);
    expect(await verify(application)).toMatchObject({ rows: 3, notSealed: 0, findings: [] });
  });

  it('does not stall behind two instances that seal at the same moment, nor seal anything twice', async () => {
    await Promise.all(Array.from({ length: 10 }, () => application.started()));
    await Promise.all(Array.from({ length: 8 }, () => sealOnce(application)));
    await sealEverything(application);
    expect(await verify(application)).toMatchObject({ rows: 20, notSealed: 0, findings: [] });
  });

  it('goes on after a restore into a cluster whose transaction ids restart', async () => {
    const { started, sql, app } = application;
    await started();
    await sealEverything(application);
    await started();
    // Each handed the events on before the dump.
    const readers = ['publish', 'deliver', 'file'];
    await sql.query(
      `INSERT INTO otp_journal_cursors
       SELECT 'verification', reader, (SELECT max(xid) FROM otp_verification_events) FROM unnest($1::text[]) AS reader
       ON CONFLICT (journal, reader) DO UPDATE SET xid = excluded.xid`,
      [readers],
    );
    // As a dump from a cluster that was a billion transactions older.
    await sql.query(
      `UPDATE otp_verification_events SET xid = xid + 1000000000;
       UPDATE otp_journal_seals SET last_xid = last_xid + 1000000000 WHERE journal = 'verification';
       UPDATE otp_journal_cursors SET xid = xid + 1000000000 WHERE journal = 'verification'`,
    );
    await started();
    await expect(sealOnce(application)).rejects.toThrow('npm run journal:seal -- --after-restore');
    const restorer = app.get(JournalRestorer, { strict: false });
    expect(await restorer.renumber()).toEqual(['verification']);
    expect(await restorer.renumber()).toEqual([]);
    const behind = await sql.query<{ reader: string }>(
      `SELECT reader FROM otp_journal_cursors c WHERE journal = 'verification'
          AND (SELECT max(xid) FROM otp_verification_events) > c.xid ORDER BY reader`,
    );
    expect(behind.rows.map(({ reader }) => reader)).toEqual([...readers, 'seal'].sort());
    expect(await verify(application)).toMatchObject({ rows: 2, notSealed: 4, findings: [] });
    await started();
    await sealEverything(application);
    expect(await verify(application)).toMatchObject({ rows: 8, notSealed: 0, findings: [] });
  });

  it('npm run journal:verify says so, and its exit code too; a kept seal uncovers a rewritten history', async () => {
    const { started, sql, databaseUrl, dataDirectory } = application;
    const environment = { DATABASE_URL: databaseUrl, DATA_DIRECTORY: dataDirectory };
    const command = async (name: string, ...args: string[]) => {
      const program = run(process.execPath, [`dist/src/commands/${name}.js`, ...args], environment);
      return { code: await program.ended(), output: program.output() };
    };
    const { requestId } = await started();
    await sealEverything(application);
    const sealed = await command('seal-journal');
    const [, kept] = /^verification (1:[0-9a-f]{64})$/m.exec(sealed.output)!;
    const clean = await command('verify-journal', '--seal', kept!);
    expect(clean).toMatchObject({ code: 0 });
    expect(clean.output).toContain('1 request, 2 sealed events, 0 events not sealed yet');
    expect(clean.output).toContain('the journal is as it was written');
    await sql.query(`UPDATE otp_verification_events SET reason = 'because' WHERE number = 2`);
    const altered = await command('verify-journal');
    expect(altered.code).toBe(1);
    expect(altered.output).toContain(`request ${requestId}, event 2: altered`);
    // Whoever may change everything seals it anew. Only the kept seal shows it.
    await sql.query(`DELETE FROM otp_journal_seals; UPDATE otp_journal_cursors SET xid = 0`);
    await sealEverything(application);
    expect((await verify(application)).findings).toEqual([]);
    const rewritten = await command('verify-journal', '--seal', kept!);
    expect(rewritten.code).toBe(1);
    expect(rewritten.output).toContain('seal 1: not the one that you kept');
  });
});

describe('the journal is sealed by itself', () => {
  it('every few seconds and at shutdown, and the newest seal is logged', async () => {
    const log = jest.spyOn(Logger.prototype, 'log');
    const application = await startApplication();
    try {
      const { sql, started } = application;
      const sealed = async () => {
        const { rows } = await sql.query<{ n: number }>(
          'SELECT coalesce(sum(row_count), 0)::int AS n FROM otp_journal_seals',
        );
        return rows[0]!.n;
      };
      const often = await furtherInstances(application, 1, { JOURNAL_SEAL_SECONDS: '1' });
      await started();
      await until(async () => (await sealed()) === 2);
      await often.close();
      const { rows: seals } = await sql.query(
        `SELECT journal, number, encode(hash, 'hex') AS hash FROM otp_journal_seals`,
      );
      const logged = log.mock.calls.filter(([, message]) => message === 'journal sealed');
      expect(logged).toHaveLength(1);
      expect(seals).toContainEqual(logged[0]![0]);

      const seldom = await furtherInstances(application, 1, { JOURNAL_SEAL_SECONDS: '3600' });
      await started();
      await until(async () => {
        const { rows } = await sql.query<{ over: boolean }>(
          `SELECT max(xid) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS over FROM otp_verification_events`,
        );
        return rows[0]!.over;
      });
      expect(await sealed()).toBe(2);
      await seldom.close();
      expect(await sealed()).toBe(4);
      expect((await verify(application)).findings).toEqual([]);
    } finally {
      log.mockRestore();
      await application.close();
    }
  });
});

describe('events are published after their commit, at least once and in order', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ DATABASE_POOL_SIZE: '5' });
  });
  afterEach(async () => {
    application.app.get(EventEmitter2).removeAllListeners();
    await empty(application);
  });
  afterAll(() => application.close());

  /** Subscribes to everything on an instance. */
  const listenTo = ({ app }: TestApplication): VerificationEvent[] => {
    const seen: VerificationEvent[] = [];
    app.get(EventEmitter2).on(VERIFICATION_EVENT, (event: VerificationEvent) => seen.push(event));
    return seen;
  };
  const numbersOf = (seen: VerificationEvent[], requestId: string) =>
    seen.filter((event) => event.requestId === requestId).map(({ number }) => number);

  it('reads nothing while nobody listens', async () => {
    application.app.get(EventEmitter2).on('something.else', () => undefined);
    await application.started();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { rows } = await application.sql.query(
      `SELECT 1 FROM otp_journal_cursors WHERE reader = 'publish'`,
    );
    expect(rows).toEqual([]);
  });

  it('every one, with its content; when a subscriber fails all of them get the batch again', async () => {
    const seen = listenTo(application);
    let failures = 1;
    application.app.get(EventEmitter2).on(
      'verification.matched',
      async () => {
        if (failures-- > 0) throw new Error('not now');
      },
      { promisify: true },
    );
    const { client, started } = application;
    const { requestId, code } = await started();
    await client.json('POST', '/verify-otp', { requestId, otpCode: code });
    await until(() => seen.filter(({ type }) => type === 'matched').length === 2);
    expect([...new Set(numbersOf(seen, requestId))]).toEqual([1, 2, 3, 4]);
    // The batch that failed ends with event 4; on a slow machine it holds earlier ones too.
    const again = numbersOf(seen, requestId).slice(4);
    expect(again).toEqual([1, 2, 3, 4].slice(-again.length));
    expect(seen.at(-1)).toMatchObject({
      requestId,
      from: 'PENDING',
      to: 'VERIFIED',
      actor: 'caller',
      providerStatus: 'matched',
      purpose: 'phone-verification',
    });
    expect(JSON.stringify(seen)).not.toContain(freshNumber().slice(0, 6));
  });

  it('by one of several instances', async () => {
    const others = await furtherInstances(application, 1, { DATABASE_POOL_SIZE: '5' });
    try {
      const seen = others.all.map(listenTo);
      const { client, started } = application;
      for (let i = 0; i < 10; i += 1) {
        const { requestId, code } = await started();
        await client.json('POST', '/verify-otp', { requestId, otpCode: code });
      }
      await until(() => seen.flat().length >= 40);
      const told = seen.flat().map(({ requestId, number }) => `${requestId} ${number}`);
      expect([told.length, new Set(told).size]).toEqual([40, 40]);
    } finally {
      await others.close();
    }
  });

  it('when the instance that published them stops, by another, from where it was', async () => {
    const others = await furtherInstances(application, 1, { DATABASE_POOL_SIZE: '5' });
    const before = listenTo(others.all[1]!);
    const first = await application.started();
    await until(() => before.length === 2);
    await others.close();
    const unheard = await application.started();
    const seen = listenTo(application);
    await until(() => seen.length >= 2);
    expect(numbersOf(seen, unheard.requestId)).toEqual([1, 2]);
    expect(numbersOf(seen, first.requestId)).toEqual([]);
  });

  it('when the connection is lost in the middle of a batch, the whole batch again', async () => {
    const seen = listenTo(application);
    let kills = 1;
    application.app.get(EventEmitter2).on(
      'verification.sent',
      async () => {
        if (kills-- > 0)
          await application.sql.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND state = 'idle in transaction'`,
          );
      },
      { promisify: true },
    );
    const { requestId } = await application.started();
    await until(() => numbersOf(seen, requestId).filter((number) => number === 2).length === 2);
    expect([...new Set(numbersOf(seen, requestId))]).toEqual([1, 2]);
  });

  it('also those of a transaction that took its id early and committed late, after their predecessors', async () => {
    const late = await openTransaction(application);
    const seen = listenTo(application);
    const { requestId } = await application.started();
    // More events than a batch takes: those that come before the late one are in the next batch.
    await late.query(
      `INSERT INTO otp_verification_requests (id, purpose, status, channel, phone_fingerprint, phone_country, phone_last_digits,
         caller_fingerprint, caller_bound, code_length, max_attempts, max_sends, provider, created_at, expires_at, events)
       SELECT gen_random_uuid(), 'bulk', 'SENDING', 'sms', sha256(i::text::bytea), 'US', '00', '', false, 6, 3, 3, 'none', now(), now(), 1
         FROM generate_series(1, 150) AS i`,
    );
    await late.query(
      `INSERT INTO otp_verification_events (request_id, number, at, type, to_status, actor)
       SELECT id, 1, now(), 'started', 'SENDING', 'caller' FROM otp_verification_requests WHERE purpose = 'bulk'`,
    );
    await late.query(
      `INSERT INTO otp_verification_events (request_id, number, at, type, from_status, to_status, actor)
       VALUES ($1, 3, now(), 'check-claimed', 'PENDING', 'PENDING', 'caller')`,
      [requestId],
    );
    await late.query('UPDATE otp_verification_requests SET events = 3 WHERE id = $1', [requestId]);
    expect(seen).toEqual([]);
    await late.commit();
    await until(() => new Set(seen.map((event) => `${event.requestId} ${event.number}`)).size === 153);
    expect(numbersOf(seen, requestId).slice(0, 3)).toEqual([1, 2, 3]);
  });
});
