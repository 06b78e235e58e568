import { AuditLog, AuditVerifier } from '../../src/admin/index.js';
import { JournalSealer } from '../../src/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { sealEverything } from '../support/seal.js';
import { program, type Program } from './administrator.js';

describe('the audit', () => {
  let application: TestApplication;
  let admin: Program;
  beforeAll(async () => {
    application = await startApplication({ DATABASE_POOL_SIZE: '10' });
    admin = await program(application);
    const log = application.app.get(AuditLog, { strict: false });
    await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        log.append({
          actor: index % 2 ? 'cli:root' : 'user:anna',
          action: `thing.${index % 3}`,
          target: `t${index}`,
          reason: 'because',
          details: { index },
        }),
      ),
    );
    await seal();
  });
  afterAll(() => application.close());

  interface Entry {
    number: number;
    actor: string;
    action: string;
  }
  const items = (body: Record<string, unknown>) => body['items'] as Entry[];
  const seal = () => sealEverything(application);
  const verify = async () =>
    (await admin.post('/admin/audit/verify')).body as {
      entries: number;
      notSealed: number;
      findings: { kind: string; number: number }[];
    };

  it('gives every entry a number of its own, however many write at once, and seals them all', async () => {
    const { rows } = await application.sql.query<{ number: string }>(
      'SELECT number FROM otp_admin_audit ORDER BY number',
    );
    expect(rows.map(({ number }) => Number(number))).toEqual(rows.map((_, index) => index + 1));
    expect(await verify()).toEqual({ entries: 121, notSealed: 0, findings: [] });
  });

  it('makes no administrator wait for another', async () => {
    const log = application.app.get(AuditLog, { strict: false });
    const entry = { actor: 'cli:root' as const, action: 'thing.slow', reason: 'because' };
    await expect(
      log.with(entry, async (sql) => {
        // An entry within a transaction that is still open, and another one beside it.
        await log.appendIn(sql, entry);
        await log.append(entry);
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    const { body } = await admin.get('/admin/audit?action=thing.slow');
    expect(items(body)).toHaveLength(1);
    expect(await verify()).toEqual({ entries: 121, notSealed: 1, findings: [] });
    await application.sql.query(`DELETE FROM otp_admin_audit WHERE action = 'thing.slow'`);
  });

  it('pages both ways and filters, newest first, every entry once', async () => {
    const seen: number[] = [];
    let path: string | null = '/admin/audit';
    let last = '';
    while (path) {
      const { body } = await admin.get(path);
      seen.push(...items(body).map(({ number }) => number));
      last = path;
      path = body['next'] as string | null;
    }
    expect(seen).toEqual(Array.from({ length: 121 }, (_, index) => 121 - index));
    const back: number[] = [];
    path = last;
    while (path) {
      const { body } = await admin.get(path);
      back.unshift(...items(body).map(({ number }) => number));
      path = body['previous'] as string | null;
    }
    expect(back).toEqual(seen);
    const { body } = await admin.get('/admin/audit?actor=cli:root&action=thing.1');
    expect(items(body).length).toBe(20);
    expect(items(body).every(({ actor, action }) => actor === 'cli:root' && action === 'thing.1')).toBe(true);
    expect((await admin.get('/admin/audit?from=nonsense')).body).toMatchObject({ status: 400 });
    expect(items((await admin.get('/admin/audit?to=2020-01-01T00:00Z')).body)).toEqual([]);
  });

  it('cannot be changed by the application itself', async () => {
    const { rows } = await application.sql.query<{ role: string }>(
      `SELECT tableowner AS role FROM pg_tables WHERE tablename = 'otp_admin_audit'`,
    );
    const { rows: may } = await application.sql.query<{ may: boolean }>(
      `SELECT has_table_privilege($1, 'otp_admin_audit', 'UPDATE, DELETE, TRUNCATE') AS may`,
      [rows[0]!.role],
    );
    expect(may[0]!.may).toBe(false);
  });

  it.each([
    [
      'a changed reason',
      `UPDATE otp_admin_audit SET reason = 'other' WHERE number = 7`,
      [{ number: 7, kind: 'altered' }],
    ],
    [
      'a changed moment',
      `UPDATE otp_admin_audit SET at = at + interval '1 microsecond' WHERE number = 9`,
      [{ number: 9, kind: 'altered' }],
    ],
    [
      'changed details',
      `UPDATE otp_admin_audit SET details = '{}' WHERE number = 121`,
      [{ number: 121, kind: 'altered' }],
    ],
    [
      'a changed first entry',
      `UPDATE otp_admin_audit SET actor = 'user:eve' WHERE number = 1`,
      [{ number: 1, kind: 'altered' }],
    ],
    ['a removed entry', `DELETE FROM otp_admin_audit WHERE number = 50`, [{ number: 50, kind: 'missing' }]],
    [
      'a removed end',
      `DELETE FROM otp_admin_audit WHERE number > 119`,
      [
        { number: 120, kind: 'missing' },
        { number: 121, kind: 'missing' },
      ],
    ],
    [
      'an inserted entry',
      `INSERT INTO otp_admin_audit (number, at, actor, action, reason, details, xid) OVERRIDING SYSTEM VALUE
       SELECT 1000, at, actor, action, reason, details, xid FROM otp_admin_audit WHERE number = 121`,
      [{ number: 1000, kind: 'added' }],
    ],
    [
      'two entries that changed places',
      `UPDATE otp_admin_audit a SET reason = b.reason, details = b.details, target = b.target, action = b.action, actor = b.actor
         FROM otp_admin_audit b WHERE a.number IN (20, 21) AND b.number = 41 - a.number`,
      [
        { number: 20, kind: 'altered' },
        { number: 21, kind: 'altered' },
      ],
    ],
    [
      'an altered seal',
      `UPDATE otp_journal_seals SET content_hash = sha256('x') WHERE journal = 'audit' AND number = 1`,
      [{ number: 1, kind: 'seal-altered' }],
    ],
    [
      'lost seals',
      `DELETE FROM otp_journal_seals WHERE journal = 'audit'`,
      [{ number: 1, kind: 'seal-missing' }],
    ],
  ])('%s is found and named', async (_name, tampering, expected) => {
    await application.sql.query(
      'CREATE TABLE kept AS TABLE otp_admin_audit; CREATE TABLE kept_seals AS TABLE otp_journal_seals',
    );
    try {
      await application.sql.query(tampering);
      expect((await verify()).findings).toEqual(expected);
    } finally {
      await application.sql.query(
        `DELETE FROM otp_admin_audit; INSERT INTO otp_admin_audit OVERRIDING SYSTEM VALUE TABLE kept; DROP TABLE kept;
         DELETE FROM otp_journal_seals; INSERT INTO otp_journal_seals TABLE kept_seals; DROP TABLE kept_seals`,
      );
    }
    expect((await verify()).findings).toEqual([]);
  });

  it('a history that was sealed anew differs from a seal kept elsewhere', async () => {
    const [kept] = (await application.app.get(JournalSealer, { strict: false }).newestSeals()).filter(
      ({ journal }) => journal === 'audit',
    );
    const compare = async () =>
      (await application.app.get(AuditVerifier, { strict: false }).verify(kept)).findings;
    expect(await compare()).toEqual([]);
    await application.sql.query(
      `UPDATE otp_admin_audit SET reason = 'other' WHERE number = 7;
       DELETE FROM otp_journal_seals WHERE journal = 'audit'; UPDATE otp_journal_cursors SET xid = 0 WHERE journal = 'audit'`,
    );
    await seal();
    expect((await verify()).findings).toEqual([]);
    expect(await compare()).toEqual([{ kind: 'seal-differs', number: kept!.number }]);
  });
});
