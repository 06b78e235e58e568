import pg from 'pg';
import { startApplication, type TestApplication } from '../support/application.js';
import { sealEverything } from '../support/seal.js';
import { empty, verify } from './journal.js';

describe('in a journal that was tampered with', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterEach(() => empty(application));
  afterAll(() => application.close());

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
});
