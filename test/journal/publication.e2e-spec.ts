import { EventEmitter2 } from '@nestjs/event-emitter';
import { VERIFICATION_EVENT, type VerificationEvent } from '../../src/index.js';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { furtherInstances } from '../support/instances.js';
import { until } from '../support/until.js';
import { empty, openTransaction } from './journal.js';

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
