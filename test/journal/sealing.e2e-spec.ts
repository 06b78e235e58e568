import { Logger } from '@nestjs/common';
import { JournalRestorer } from '../../src/index.js';
import { JournalLag } from '../../src/verification/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { furtherInstances } from '../support/instances.js';
import { sealEverything } from '../support/seal.js';
import { until } from '../support/until.js';
import { empty, openTransaction, sealOnce, verify } from './journal.js';

describe('the sealer of the journal', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ DATABASE_POOL_SIZE: '10' });
  });
  afterEach(() => empty(application));
  afterAll(() => application.close());

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
    const lags = await app.get(JournalLag, { strict: false }).read();
    for (const reader of [...readers, 'seal'])
      expect(
        lags.find((lag) => lag.journal === 'verification' && lag.reader === reader)!.seconds,
      ).toBeGreaterThan(0);
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

  it.each([
    ['a reader is ahead, and nothing was ever sealed (JOURNAL_SEAL_SECONDS=off)', true],
    ['no reader is ahead, but rows are', false],
  ])('goes on after such a restore, also when %s', async (_name, isReaderAhead) => {
    const { started, sql, app } = application;
    await started();
    await started();
    await sql.query(
      `INSERT INTO otp_journal_cursors
       SELECT 'verification', 'publish', CASE WHEN $1 THEN 1000000000 + max(xid) ELSE 1 END FROM otp_verification_events
       ON CONFLICT (journal, reader) DO UPDATE SET xid = excluded.xid`,
      [isReaderAhead],
    );
    await sql.query('UPDATE otp_verification_events SET xid = xid + 1000000000');
    await started();
    expect(await app.get(JournalRestorer, { strict: false }).renumber()).toEqual(['verification']);
    const { rows } = await sql.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM otp_verification_events
        WHERE xid > (SELECT xid FROM otp_journal_cursors WHERE journal = 'verification' AND reader = 'publish')`,
    );
    expect(rows[0]!.waiting).toBe(6);
    await sealEverything(application);
    expect(await verify(application)).toMatchObject({ rows: 6, notSealed: 0, findings: [] });
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
