import { Retention, Rollups } from '../../src/admin/index.js';
import { BackgroundJob } from '../../src/background/background-job.js';
import { JournalVerifier } from '../../src/index.js';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { sealEverything } from '../support/seal.js';

describe('retention', () => {
  let application: TestApplication;
  let retention: Retention;
  beforeEach(async () => {
    application = await startApplication({
      RETENTION: 'on',
      RETENTION_REQUESTS_DAYS: '100',
      RETENTION_DECISIONS_DAYS: '10',
      PROTECTION: 'record',
    });
    retention = application.app.get(Retention, { strict: false });
  });
  afterEach(() => application.close());

  const sql = (text: string, values: unknown[] = []) => application.sql.query(text, values);
  const seal = () => sealEverything(application);
  const findings = async () =>
    (await application.app.get(JournalVerifier, { strict: false }).verify()).findings;
  /** As if it had been begun so many days ago, ids and all, and sealed then. */
  async function aged(requestId: string, days: number): Promise<string> {
    const ms = Date.now() - days * 86_400_000;
    const hex = ms.toString(16).padStart(12, '0');
    const old = `${hex.slice(0, 8)}-${hex.slice(8)}${requestId.slice(13)}`;
    await sql(
      `UPDATE otp_verification_requests SET id = $2, created_at = created_at - make_interval(days => $3) WHERE id = $1`,
      [requestId, old, days],
    );
    await sql(
      'UPDATE otp_verification_events SET request_id = $2, at = at - make_interval(days => $3) WHERE request_id = $1',
      [requestId, old, days],
    );
    await sql('UPDATE otp_decisions SET request_id = $2 WHERE request_id = $1', [requestId, old]);
    await seal();
    return old;
  }
  const verified = async () => {
    const { requestId, code } = await application.started(freshNumber());
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    return requestId;
  };
  const left = async () =>
    (await sql('SELECT id FROM otp_verification_requests ORDER BY id')).rows.map(
      ({ id }: { id: string }) => id,
    );

  it('deletes what is old with its events, and nothing that lives, is young or counts', async () => {
    const old = await aged(await verified(), 101);
    const live = await aged((await application.started()).requestId, 150);
    const fresh = await aged(await verified(), 99);
    const young = await verified();
    await seal();
    await application.app.get(Rollups, { strict: false }).catchUp();
    const before = (
      await sql(`SELECT sum(started)::int AS n FROM otp_verification_rollups WHERE grain = 'day'`)
    ).rows[0];
    const dry = await retention.dryRun();
    expect(dry).toMatchObject({ verification_requests: 1, journal_seals: 2 });
    expect(await left()).toContain(old);

    const deleted = await retention.run('cli:test', 'a test');
    expect(deleted).toMatchObject({ verification_requests: 1, verification_events: 4, journal_seals: 1 });
    expect(await left()).toEqual([live, fresh, young]);
    expect((await sql('SELECT 1 FROM otp_verification_events WHERE request_id = $1', [old])).rows).toEqual(
      [],
    );
    expect(
      (await sql(`SELECT sum(started)::int AS n FROM otp_verification_rollups WHERE grain = 'day'`)).rows[0],
    ).toEqual(before);
    const { rows } = await sql(`SELECT action, details FROM otp_admin_audit ORDER BY number DESC LIMIT 1`);
    expect(rows[0]).toMatchObject({
      action: 'retention.ran',
      details: { verification_requests: 1, retired_until_seal: 1 },
    });
    expect(await retention.run('cli:test', 'a test')).toEqual({});
    expect(await findings()).toEqual([]);
    const { rows: seals } = await sql(
      `SELECT number, retired_at IS NOT NULL AS retired, length(leaves) > 0 AS "hasLeaves" FROM otp_journal_seals WHERE journal = 'verification' ORDER BY number`,
    );
    expect(seals.map(({ retired }) => retired)).toEqual([true, false, false, false]);
    expect(seals.map(({ hasLeaves }) => hasLeaves)).toEqual([false, true, true, true]);
    // Over, but never swept: it stands in nobody's way any more.
    await sql(`UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1`, [live]);
    expect(await retention.run('cli:test', 'a test')).toMatchObject({ verification_requests: 1 });
    expect(await left()).toEqual([fresh, young]);
    expect(await findings()).toEqual([]);
  });

  it('goes by the clock of the database, whatever that of the instance says', async () => {
    const old = await aged(await verified(), 101);
    const young = await verified();
    await seal();
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now + 1000 * 86_400_000);
    try {
      expect(await retention.dryRun()).toMatchObject({ verification_requests: 1 });
      await retention.run('cli:test', 'test');
    } finally {
      clock.mockRestore();
    }
    const ids = await left();
    expect(ids).toContain(young);
    expect(ids).not.toContain(old);
  });

  it('keeps the journal append-only: the privileges are there for the moment of deletion only', async () => {
    const privileges = async () =>
      (
        await sql(
          `SELECT has_table_privilege(tableowner, 'otp_verification_events', 'DELETE') AS events,
                  has_any_column_privilege(tableowner, 'otp_journal_seals', 'UPDATE') AS seals
             FROM pg_tables WHERE tablename = 'otp_verification_events'`,
        )
      ).rows[0];
    expect(await privileges()).toEqual({ events: false, seals: false });
    await aged(await verified(), 120);
    expect(await retention.run('cli:test', 'a test')).toMatchObject({ verification_events: 4 });
    expect(await privileges()).toEqual({ events: false, seals: false });
    expect(await findings()).toEqual([]);
  });

  it('leaves a journal that can be verified when a request lies on both sides of the limit', async () => {
    const { requestId, code } = await application.started(freshNumber());
    await sql(`UPDATE otp_verification_requests SET created_at = created_at - interval '101 days'`);
    await sql(`UPDATE otp_verification_events SET at = at - interval '101 days'`);
    await seal();
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    await seal();
    expect(await retention.run('cli:test', 'a test')).toMatchObject({ verification_events: 2 });
    expect(await left()).toEqual([requestId]);
    expect(await findings()).toEqual([]);
    // Its other events are still covered, and nothing can be put in the place of the deleted ones.
    await sql(
      `INSERT INTO otp_verification_events (request_id, number, at, type, to_status, actor, xid)
       SELECT id, 2, now(), 'sent', 'PENDING', 'caller', 1 FROM otp_verification_requests`,
    );
    expect(await findings()).toContainEqual({ kind: 'added', requestId, number: 2 });
    await sql('DELETE FROM otp_verification_events WHERE number = 2');
    await sql('DELETE FROM otp_verification_events WHERE number = 3');
    expect(await findings()).toEqual([{ kind: 'missing', requestId, number: 3 }]);
  });

  it('deletes step-up grants that ended more than a day ago', async () => {
    const insert = (ago: string) =>
      sql(
        `INSERT INTO otp_step_up_grants (id, user_id, sid, payload_hash, action, summary, act, created_at, expires_at)
         VALUES (gen_random_uuid(), 'somebody', '', '', 'payment', '', '', now(), now() - $1::interval)`,
        [ago],
      );
    await insert('25 hours');
    await insert('25 hours');
    await insert('23 hours');
    await insert('-5 minutes');
    expect(await retention.run('cli:test', 'a test')).toMatchObject({ step_up_grants: 2 });
    expect((await sql('SELECT 1 FROM otp_step_up_grants')).rows).toHaveLength(2);
  });

  it('deletes trusted browsers that have expired', async () => {
    const insert = (end: string) =>
      sql(
        `INSERT INTO otp_trusted_browsers (id, user_id, secret_hash, epoch, description, created_at, last_used_at, expires_at)
         VALUES (gen_random_uuid(), 'somebody', '', 1, 'a browser', now(), now(), now() + $1::interval)`,
        [end],
      );
    await insert('-1 minute');
    await insert('-30 days');
    await insert('1 minute');
    expect(await retention.run('cli:test', 'a test')).toMatchObject({ trusted_browsers: 2 });
    expect((await sql('SELECT 1 FROM otp_trusted_browsers')).rows).toHaveLength(1);
  });

  it('deletes what tokens and passkeys of users leave who do not come back', async () => {
    for (const ends of ['-1 hour', '1 hour']) {
      await sql(
        `INSERT INTO otp_token_generations (sid, user_id, generation, expires_at)
         VALUES (gen_random_uuid(), 'gone@example.com', 1, now() + $1::interval)`,
        [ends],
      );
      await sql(
        `INSERT INTO otp_passkey_challenges (challenge, user_id, sid, purpose, epoch, expires_at)
         VALUES ('ends in ' || $1::text, 'gone@example.com', gen_random_uuid(), 'second-factor', 0, now() + $1::interval)`,
        [ends],
      );
    }
    expect(await retention.run('cli:test', 'a test')).toMatchObject({
      token_generations: 1,
      passkey_challenges: 1,
    });
    expect((await sql('SELECT 1 FROM otp_token_generations')).rows).toHaveLength(1);
    expect((await sql('SELECT 1 FROM otp_passkey_challenges')).rows).toHaveLength(1);
  });

  it('deletes counters that no limit looks at any more, and forgets old decisions', async () => {
    await verified();
    await sql(`UPDATE otp_rate_counters SET moments = ARRAY[now() - interval '40 days']`);
    await sql(`UPDATE otp_daily_counters SET day = day - 40`);
    const { rows } = await sql(`SELECT count(*)::int AS n FROM otp_rate_counters`);
    const deleted = await retention.run('cli:test', 'a test');
    expect(deleted).toMatchObject({ rate_counters: rows[0]!.n });
    expect((await sql('SELECT 1 FROM otp_daily_counters')).rows).toEqual([]);
  });

  it('goes on after a table that fails, and writes to the audit what was deleted all the same', async () => {
    await aged(await verified(), 101);
    await sql(
      `INSERT INTO otp_daily_counters (scope, key, day, taken) VALUES ('test', '', current_date - 40, 1)`,
    );
    // As a table that is so large that its statement is cancelled.
    await sql(
      `CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''too large''; END'`,
    );
    await sql(
      'CREATE TRIGGER never BEFORE DELETE ON otp_number_slots FOR EACH STATEMENT EXECUTE FUNCTION never()',
    );
    await expect(retention.run('cli:test', 'a test')).rejects.toThrow('too large');
    const { rows } = await sql(`SELECT details FROM otp_admin_audit WHERE action = 'retention.ran'`);
    expect(rows).toMatchObject([
      { details: { verification_events: 4, retired_until_seal: 1, daily_counters: 1 } },
    ]);
  });

  it('runs within a quarter of an hour of a start, so that daily deployments do not prevent it', async () => {
    await application.close();
    const starts = jest.spyOn(BackgroundJob.prototype as unknown as { start(delay?: number): void }, 'start');
    application = await startApplication({ RETENTION: 'on' });
    const delays = starts.mock.calls.flat().filter((delay) => delay !== undefined && delay >= 300_000);
    starts.mockRestore();
    expect(delays).toEqual([expect.any(Number)]);
    expect(delays[0]).toBeLessThanOrEqual(900_000);
  });
});
