import { execFileSync } from 'node:child_process';
import { JournalVerifier } from '../../src/index.js';
import { PersonalDataCipher } from '../../src/crypto/index.js';
import { freshNumber, startApplication, type TestApplication, wrongCode } from '../support/application.js';
import { sealEverything } from '../support/seal.js';
import { Visitor } from '../host/visitor.js';
import { program, type Program } from './administrator.js';

const REASON = { reason: 'asked by letter' };

describe('erasing a person', () => {
  let application: TestApplication;
  let admin: Program;
  beforeAll(async () => {
    application = await startApplication({
      PROTECTION: 'enforce',
      LIMIT_ADDRESS: 'off',
      NUMBER_COOLDOWN_SECONDS: 'off',
    });
    admin = await program(application);
  });
  afterAll(() => application.close());

  /** Every row of every table, as text. */
  async function dump(): Promise<string> {
    const { rows: tables } = await application.sql.query<{ name: string }>(
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    let all = '';
    for (const { name } of tables) {
      const { rows } = await application.sql.query<{ text: string | null }>(
        `SELECT string_agg(t::text, E'\\n') AS text FROM ${name} t`,
      );
      all += `${name}\n${rows[0]!.text ?? ''}\n`;
    }
    return all;
  }

  /** Whatever could be made again from the number. */
  function tracesOf(phoneNumber: string, userId: string): string[] {
    const cipher = application.app.get(PersonalDataCipher, { strict: false });
    const texts = [
      ['phone', phoneNumber],
      ['limit', `number ${phoneNumber}`],
      ['limit', `confirmed-number ${phoneNumber} ${userId}`],
    ] as const;
    const fingerprints = texts.flatMap(([kind, text]) => cipher.fingerprints(kind, text));
    return [
      phoneNumber,
      phoneNumber.slice(1),
      phoneNumber.slice(2),
      ...fingerprints.flatMap((whole) =>
        [whole, whole.subarray(0, 15)].flatMap((bytes) => [
          bytes.toString('hex'),
          bytes.toString('base64').replace(/=+$/, ''),
          bytes.toString('base64url'),
        ]),
      ),
    ];
  }

  const counts = async () =>
    (
      await application.sql.query(
        `SELECT status, phone_country, purpose, count(*)::int AS n FROM otp_verification_requests GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      )
    ).rows;

  it('leaves no trace of the number; counts, statistics and journals are what they were', async () => {
    const phoneNumber = freshNumber();
    const person = await (await new Visitor(application).signsUp()).enrols(phoneNumber);
    const { rows } = await application.sql.query<{ id: string }>(
      'SELECT id FROM host_users WHERE email = $1',
      [person.email],
    );
    const userId = rows[0]!.id;
    // Signs in with it, mistypes, is refused, is blocked, and has a live request at the end.
    const again = await person.elsewhere().isSignedIn();
    const other = await application.started(phoneNumber);
    await application.client.json('POST', '/verify-otp', {
      requestId: other.requestId,
      otpCode: wrongCode(other.code),
    });
    await application.client.json(
      'POST',
      '/request-otp',
      { phoneNumber },
      { Cookie: 'otp-caller=AAAAAAAAAAAAAAAAAAAAAA' },
    );
    await admin.post('/admin/blocks', { kind: 'number', value: phoneNumber, hours: 1, ...REASON });
    await application.client.json(
      'POST',
      '/request-otp',
      { phoneNumber },
      { Cookie: 'otp-caller=BBBBBBBBBBBBBBBBBBBBBB' },
    );
    await admin.post(`/admin/verifications/${other.requestId}/reveal`, REASON);
    const bystander = await application.started();
    // There is something to be found before.
    const found = (text: string) => tracesOf(phoneNumber, userId).filter((trace) => text.includes(trace));
    expect(found(await dump()).length).toBeGreaterThan(2);
    const journal = () => application.app.get(JournalVerifier, { strict: false }).verify();
    await sealEverything(application);
    const sealedBefore = await journal();
    expect(sealedBefore).toMatchObject({ notSealed: 0, findings: [] });
    expect(sealedBefore.rows).toBeGreaterThan(10);

    const dry = await admin.post('/admin/persons/erase', { phoneNumber, userId, dryRun: true, ...REASON });
    expect(dry.body['receipt']).toBeNull();
    expect(found(await dump()).length).toBeGreaterThan(2);
    await application.advanceProvider(31);
    await admin.post(`/admin/verifications/${other.requestId}/cancel`, REASON);
    const before = await counts();
    const erased = await admin.post('/admin/persons/erase', { phoneNumber, userId, ...REASON });
    expect(erased.status).toBe(200);
    expect(erased.body['rows']).toMatchObject({ verification_requests: 3, block_entries: 1 });

    expect(found(await dump())).toEqual([]);
    expect(await counts()).toEqual(before);
    expect((await journal()).findings).toEqual([]);
    expect((await admin.post('/admin/audit/verify')).body['findings']).toEqual([]);
    const { body } = await admin.get('/admin/audit?action=person.erased');
    expect(body['items']).toMatchObject([{ number: erased.body['receipt'], ...REASON }]);
    // The sessions that stood on the number are over; nobody else has lost anything.
    expect((await again.get('/account')).status).toBe(401);
    const check = await application.client.json('POST', '/verify-otp', {
      requestId: bystander.requestId,
      otpCode: bystander.code,
    });
    expect(check.status).toBe(200);
    // Once more is harmless.
    const second = await admin.post('/admin/persons/erase', { phoneNumber, userId, ...REASON });
    expect(second.body['rows']).not.toHaveProperty('verification_requests');
  });

  it('also in what pg_dump writes', async () => {
    const phoneNumber = freshNumber();
    await application.started(phoneNumber);
    await admin.post('/admin/persons/erase', { phoneNumber, ...REASON });
    let text: string;
    try {
      text = execFileSync('pg_dump', ['--inserts', process.env['TEST_DUMP_URL'] ?? application.databaseUrl], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    } catch {
      text = await dump(); // no pg_dump of this version here
    }
    expect(text).toContain('verification_requests');
    for (const trace of tracesOf(phoneNumber, '')) expect(text).not.toContain(trace);
  });

  it('of a user finds every number of theirs, also one never finished', async () => {
    const person = await new Visitor(application).signsUp();
    const phoneNumber = freshNumber();
    await person.post('/two-factor/phones', { phoneNumber });
    const { rows } = await application.sql.query<{ id: string }>(
      'SELECT id FROM host_users WHERE email = $1',
      [person.email],
    );
    await admin.post('/admin/persons/erase', { userId: rows[0]!.id, ...REASON });
    const text = await dump();
    for (const trace of tracesOf(phoneNumber, rows[0]!.id)) expect(text).not.toContain(trace);
  });

  const idOf = async (email: string): Promise<string> => {
    const { rows } = await application.sql.query<{ id: string }>(
      'SELECT id FROM host_users WHERE email = $1',
      [email],
    );
    return rows[0]!.id;
  };

  it('of a user takes no factor of somebody else, whose number the user has only typed', async () => {
    const phoneNumber = freshNumber();
    const owner = await (await new Visitor(application).signsUp()).enrols(phoneNumber);
    const person = await new Visitor(application).signsUp();
    await application.sql.query(
      `UPDATE otp_verification_requests SET created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'`,
    );
    await person.post('/two-factor/phones', { phoneNumber });
    const userId = await idOf(person.email);
    const dry = await admin.post('/admin/persons/erase', { userId, dryRun: true, ...REASON });
    const erased = await admin.post('/admin/persons/erase', { userId, ...REASON });
    expect(erased.body['rows']).toHaveProperty('verification_requests');
    expect(erased.body['rows']).toEqual(dry.body['rows']);
    const { rows: phones } = await application.sql.query(
      'SELECT 1 FROM otp_enrolled_phones WHERE user_id = $1',
      [await idOf(owner.email)],
    );
    expect(phones).toHaveLength(1);
    const { rows: kept } = await application.sql.query(
      `SELECT 1 FROM otp_verification_requests WHERE user_id = $1 AND phone_number IS NOT NULL`,
      [await idOf(owner.email)],
    );
    expect(kept).toHaveLength(1);
    expect((await owner.get('/account')).status).toBe(200);
  });

  it('of a user makes no session valid again that a change of factors had ended', async () => {
    const person = await new Visitor(application).signsUp();
    const early = person.elsewhere();
    await early.signsIn();
    expect((await early.get('/account')).status).toBe(200);
    await person.enrols();
    expect((await early.get('/account')).status).toBe(401);
    await admin.post('/admin/persons/erase', { userId: await idOf(person.email), ...REASON });
    expect((await early.get('/account')).status).toBe(401);
    expect((await person.get('/account')).status).toBe(401);
  });

  it('also when a number of theirs cannot be opened, because its key is lost', async () => {
    const person = await new Visitor(application).signsUp();
    await person.post('/two-factor/phones', { phoneNumber: freshNumber() });
    const userId = await idOf(person.email);
    await application.sql.query(
      `UPDATE otp_verification_requests SET phone_number = 'v1:lost:AAAA' WHERE user_id = $1`,
      [userId],
    );
    const erased = await admin.post('/admin/persons/erase', { userId, ...REASON });
    expect(erased.status).toBe(200);
    const { rows } = await application.sql.query(
      `SELECT 1 FROM otp_verification_requests WHERE user_id = $1 OR phone_number = 'v1:lost:AAAA'`,
      [userId],
    );
    expect(rows).toEqual([]);
  });

  it('of a user leaves none of what their bearer tokens were counted by', async () => {
    const userId = 'gone@example.com';
    await application.sql.query(
      `INSERT INTO otp_token_generations (sid, user_id, generation, expires_at)
       VALUES (gen_random_uuid(), $1, 1, now() + interval '1 hour')`,
      [userId],
    );
    expect((await admin.post('/admin/persons/erase', { userId, ...REASON })).status).toBe(200);
    const { rows } = await application.sql.query('SELECT 1 FROM otp_token_generations WHERE user_id = $1', [
      userId,
    ]);
    expect(rows).toEqual([]);
  });

  it('refuses input that is neither a number nor a user', async () => {
    expect((await admin.post('/admin/persons/erase', { phoneNumber: '12', ...REASON })).body['code']).toBe(
      'invalid-phone-number',
    );
    expect((await admin.post('/admin/persons/erase', REASON)).status).toBe(400);
  });
});
