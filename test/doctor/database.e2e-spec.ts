import { randomBytes } from 'node:crypto';
import { type DoctorUnderTest, doctorUnderTest, of, PASSWORD, textOf } from './doctor.js';

const ring = () => `k1:${randomBytes(32).toString('base64')}`;

describe('the doctor of the database', () => {
  let t: DoctorUnderTest;
  beforeAll(async () => {
    t = await doctorUnderTest();
  });
  afterAll(() => t?.close());

  const as = (change: (url: URL) => void) => {
    const url = new URL(t.application.databaseUrl);
    change(url);
    return { DATABASE_URL: url.href };
  };

  it.each([
    ['a wrong password', (url: URL) => (url.password = PASSWORD), /password authentication failed for role/],
    ['another name', (url: URL) => (url.pathname = '/nowhere'), /the database "nowhere" does not exist/],
    ['TLS that it has not', (url: URL) => url.searchParams.set('sslmode', 'require'), /SSL|TLS/],
    [
      'a file that is missing',
      (url: URL) => (url.search = '?sslmode=verify-full&sslrootcert=/nowhere/ca.pem'),
      /sslrootcert/,
    ],
  ])('with %s', async (_, change, words) => {
    const found = of(await t.findings(as(change)), 'database');
    expect(found).toMatchObject([{ state: 'wrong', message: expect.stringMatching(words) }]);
    expect(textOf(found)).not.toContain(PASSWORD);
  });

  it('that takes no writes', async () => {
    const readOnly = as((url) => url.searchParams.set('options', '-c default_transaction_read_only=on'));
    expect(of(await t.findings(readOnly), 'database writes')).toMatchObject([
      { state: 'wrong', message: 'the database is read-only' },
    ]);
  });

  it('that lacks migrations', async () => {
    const { rows } = await t.application.sql.query<{ name: string }>(
      'DELETE FROM otp_migrations WHERE id = (SELECT max(id) FROM otp_migrations) RETURNING *',
    );
    const [{ id, timestamp, name }] = rows as unknown as [{ id: number; timestamp: string; name: string }];
    try {
      expect(of(await t.findings(), 'migrations')).toMatchObject([
        {
          state: 'wrong',
          message: `the schema lacks ${name}`,
          advice: expect.stringContaining('migration:run'),
        },
      ]);
    } finally {
      await t.application.sql.query('INSERT INTO otp_migrations VALUES ($1, $2, $3)', [id, timestamp, name]);
    }
  });

  it('whose role may do too little or too much', async () => {
    const role = `doctor_${randomBytes(4).toString('hex')}`;
    await t.application.sql.query(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`);
    const asRole = as((url) => {
      url.username = role;
      url.password = PASSWORD;
    });
    try {
      await t.application.sql.query(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
      );
      expect(of(await t.findings(asRole), 'database role')[0]).toMatchObject({
        state: 'warning',
        message: expect.stringMatching(/may change or delete rows of .*otp_verification_events/),
      });
      await t.application.sql.query(`REVOKE DELETE ON otp_number_slots FROM ${role}`);
      expect(of(await t.findings(asRole), 'database role')[0]).toMatchObject({
        state: 'wrong',
        message: `the role ${role} lacks DELETE on otp_number_slots`,
      });
    } finally {
      await t.application.sql.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it('says when the keys are not those of the database, without the keys', async () => {
    const keys = { PHONE_ENCRYPTION_KEYS: ring(), PHONE_FINGERPRINT_KEYS: ring() };
    const found = of(await t.findings(keys), 'keys');
    expect(found).toMatchObject([{ state: 'wrong', message: expect.stringContaining('encryption key') }]);
    for (const key of Object.values(keys)) expect(textOf(found)).not.toContain(key.slice(3));
  });
});
