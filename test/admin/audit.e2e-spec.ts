import { AuditLog } from '../../src/admin/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
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
  });
  afterAll(() => application.close());

  interface Entry {
    number: number;
    actor: string;
    action: string;
  }
  const items = (body: Record<string, unknown>) => body['items'] as Entry[];
  const verify = async () =>
    (await admin.post('/admin/audit/verify')).body as {
      entries: number;
      alterations: { number: number; what: string }[];
    };

  it('has no gaps, however many write at once', async () => {
    const { rows } = await application.sql.query<{ number: string }>(
      'SELECT number FROM admin_audit ORDER BY number',
    );
    expect(rows.map(({ number }) => Number(number))).toEqual(rows.map((_, index) => index + 1));
    expect(await verify()).toEqual({ entries: 121, alterations: [] });
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
      `SELECT tableowner AS role FROM pg_tables WHERE tablename = 'admin_audit'`,
    );
    const { rows: may } = await application.sql.query<{ may: boolean }>(
      `SELECT has_table_privilege($1, 'admin_audit', 'UPDATE, DELETE, TRUNCATE') AS may`,
      [rows[0]!.role],
    );
    expect(may[0]!.may).toBe(false);
  });

  it.each([
    [
      'a changed reason',
      `UPDATE admin_audit SET reason = 'other' WHERE number = 7`,
      [{ number: 7, what: 'altered' }],
    ],
    [
      'a changed moment',
      `UPDATE admin_audit SET at = at + interval '1 microsecond' WHERE number = 9`,
      [{ number: 9, what: 'altered' }],
    ],
    [
      'changed details',
      `UPDATE admin_audit SET details = '{}' WHERE number = 121`,
      [{ number: 121, what: 'altered' }],
    ],
    [
      'a changed first entry',
      `UPDATE admin_audit SET actor = 'user:eve' WHERE number = 1`,
      [{ number: 1, what: 'altered' }],
    ],
    ['a removed entry', `DELETE FROM admin_audit WHERE number = 50`, [{ number: 50, what: 'missing' }]],
    ['a removed end', `DELETE FROM admin_audit WHERE number > 118`, [{ number: 119, what: 'cut-off' }]],
    [
      'an inserted entry',
      `INSERT INTO admin_audit SELECT 122, at, actor, action, target, reason, details, hash FROM admin_audit WHERE number = 121`,
      [{ number: 122, what: 'inserted' }],
    ],
    [
      'two entries that changed places',
      `UPDATE admin_audit a SET reason = b.reason, details = b.details, target = b.target, action = b.action, actor = b.actor
         FROM admin_audit b WHERE a.number IN (20, 21) AND b.number = 41 - a.number`,
      [
        { number: 20, what: 'altered' },
        { number: 21, what: 'altered' },
      ],
    ],
    [
      'an entry that was changed with its hash',
      `UPDATE admin_audit a SET reason = 'other', hash = admin_audit_hash((SELECT hash FROM admin_audit WHERE number = 29), a.number, a.at, a.actor, a.action, a.target, 'other', a.details) WHERE number = 30`,
      [{ number: 31, what: 'altered' }],
    ],
    [
      'a last entry that was changed with its hash',
      `UPDATE admin_audit a SET reason = 'other', hash = admin_audit_hash((SELECT hash FROM admin_audit WHERE number = 120), a.number, a.at, a.actor, a.action, a.target, 'other', a.details) WHERE number = 121`,
      [{ number: 121, what: 'altered' }],
    ],
    ['a lost head', 'DELETE FROM admin_audit_head', [{ number: 0, what: 'missing' }]],
  ])('%s is found and named', async (_name, tampering, expected) => {
    await application.sql.query(
      'CREATE TABLE kept AS TABLE admin_audit; CREATE TABLE kept_head AS TABLE admin_audit_head',
    );
    try {
      await application.sql.query(tampering);
      expect((await verify()).alterations).toEqual(expected);
    } finally {
      await application.sql.query(
        `DELETE FROM admin_audit; INSERT INTO admin_audit TABLE kept; DROP TABLE kept;
         DELETE FROM admin_audit_head; INSERT INTO admin_audit_head TABLE kept_head; DROP TABLE kept_head`,
      );
    }
    expect((await verify()).alterations).toEqual([]);
  });
});
