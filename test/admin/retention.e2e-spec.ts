import { Retention, Rollups } from '../../src/admin/index.js';
import { JournalAuditor } from '../../src/index.js';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';

describe('retention', () => {
  let application: TestApplication;
  let retention: Retention;
  beforeAll(async () => {
    application = await startApplication({
      RETENTION: 'on',
      RETENTION_REQUESTS_DAYS: '100',
      RETENTION_DECISIONS_DAYS: '10',
      PROTECTION: 'record',
    });
    retention = application.app.get(Retention, { strict: false });
  });
  afterAll(() => application.close());

  const sql = (text: string, values: unknown[] = []) => application.sql.query(text, values);
  /** As if it had been begun so many days ago, ids and all. */
  async function aged(requestId: string, days: number, more = ''): Promise<string> {
    const ms = Date.now() - days * 86_400_000;
    const hex = ms.toString(16).padStart(12, '0');
    const old = `${hex.slice(0, 8)}-${hex.slice(8)}${requestId.slice(13)}`;
    await sql(
      `UPDATE verification_requests SET id = $2, created_at = created_at - make_interval(days => $3) ${more} WHERE id = $1`,
      [requestId, old, days],
    );
    await sql('UPDATE verification_events SET request_id = $2 WHERE request_id = $1', [requestId, old]);
    await sql('UPDATE decisions SET request_id = $2 WHERE request_id = $1', [requestId, old]);
    return old;
  }
  const verified = async () => {
    const { requestId, code } = await application.started(freshNumber());
    await application.client.json('POST', '/verify-otp', { requestId, otpCode: code });
    return requestId;
  };
  const left = async () =>
    (await sql('SELECT id FROM verification_requests ORDER BY id')).rows.map(({ id }: { id: string }) => id);

  it('deletes what is old with its events, and nothing that lives, is young or counts', async () => {
    const young = await verified();
    const fresh = await aged(await verified(), 99);
    const live = await aged((await application.started()).requestId, 150);
    const old = await aged(await verified(), 101);
    await application.app.get(Rollups, { strict: false }).catchUp();
    const before = (await sql(`SELECT sum(started)::int AS n FROM verification_rollups WHERE grain = 'day'`))
      .rows[0];
    const dry = await retention.dryRun();
    expect(dry).toMatchObject({ verification_requests: 1 });
    expect(await left()).toContain(old);

    const deleted = await retention.run('cli:test', 'a test');
    expect(deleted).toMatchObject({ verification_requests: 1 });
    expect(await left()).toEqual([live, fresh, young]);
    expect((await sql('SELECT 1 FROM verification_events WHERE request_id = $1', [old])).rows).toEqual([]);
    expect(
      (await sql(`SELECT sum(started)::int AS n FROM verification_rollups WHERE grain = 'day'`)).rows[0],
    ).toEqual(before);
    const { rows } = await sql(`SELECT action, details FROM admin_audit ORDER BY number DESC LIMIT 1`);
    expect(rows[0]).toMatchObject({ action: 'retention.ran', details: { verification_requests: 1 } });
    expect(await retention.run('cli:test', 'a test')).toEqual({});
  });

  it('keeps the journal append-only: the privilege is there for the moment of deletion only', async () => {
    const { rows } = await sql(
      `SELECT has_table_privilege(tableowner, 'verification_events', 'DELETE') AS may FROM pg_tables WHERE tablename = 'verification_events'`,
    );
    expect(rows[0]).toEqual({ may: false });
    await aged(await verified(), 120);
    await retention.run('cli:test', 'a test');
    const { rows: after } = await sql(
      `SELECT has_table_privilege(tableowner, 'verification_events', 'DELETE') AS may FROM pg_tables WHERE tablename = 'verification_events'`,
    );
    expect(after[0]).toEqual({ may: false });
    // Ids were changed by this test, so hashes are not what they were; but nothing is missing its other half.
    const { alterations } = await application.app.get(JournalAuditor, { strict: false }).run();
    expect(alterations.filter(({ what }) => what === 'missing')).toEqual([]);
  });

  it('deletes step-up grants that ended more than a day ago', async () => {
    const insert = (ago: string) =>
      sql(
        `INSERT INTO step_up_grants (id, user_id, session_hash, payload_hash, action, summary, created_at, expires_at)
         VALUES (gen_random_uuid(), 'somebody', '', '', 'payment', '', now(), now() - $1::interval)`,
        [ago],
      );
    await insert('25 hours');
    await insert('25 hours');
    await insert('23 hours');
    await insert('-5 minutes');
    expect(await retention.run('cli:test', 'a test')).toMatchObject({ step_up_grants: 2 });
    expect((await sql('SELECT 1 FROM step_up_grants')).rows).toHaveLength(2);
  });

  it('empties buckets that no limit counts any more, and forgets old decisions', async () => {
    await verified();
    await sql(`UPDATE limit_buckets SET taken = ARRAY[now() - interval '40 days']`);
    await sql(`UPDATE limit_days SET day = day - 40`);
    const { rows } = await sql(`SELECT count(*)::int AS n FROM limit_buckets`);
    const deleted = await retention.run('cli:test', 'a test');
    expect(deleted).toMatchObject({ limit_buckets: rows[0]!.n });
    expect((await sql('SELECT 1 FROM limit_days')).rows).toEqual([]);
  });
});
