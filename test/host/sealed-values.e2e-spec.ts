import { createCipheriv, randomBytes } from 'node:crypto';
import { formatKeyRing, parseKeyRing } from '../../src/config/key-ring.js';
import { PersonalDataCipher, type SealedColumn } from '../../src/database/personal-data-cipher.js';
import { FactorKeyRotator } from '../../src/index.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { testEnvironment } from '../support/environment.js';
import { run } from '../support/program.js';
import { mustBe, Visitor } from './visitor.js';

const RING = parseKeyRing(`e1:${randomBytes(32).toString('base64')}`);
const FINGERPRINT_RING = parseKeyRing(`f1:${randomBytes(32).toString('base64')}`);
const KEYS = {
  PHONE_ENCRYPTION_KEYS: formatKeyRing(RING),
  PHONE_FINGERPRINT_KEYS: formatKeyRing(FINGERPRINT_RING),
};

/** What version 1 wrote: bound to the row's id, but neither to its table nor to its column. */
function sealVersion1(plain: string, rowId: string): string {
  const [{ id, secret }] = RING;
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(Buffer.from(rowId));
  return `${id}:${Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url')}`;
}

describe('a sealed value opens only where it was sealed', () => {
  let application: TestApplication;
  beforeEach(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0', ...KEYS });
  });
  afterEach(() => application.close());

  it('a copy in a step-up grant does not show the secret of an app, nor a phone number', async () => {
    const { sql } = application;
    const victim = await (await new Visitor(application).signsUp()).enrols();
    mustBe(await victim.post('/two-factor/authenticators'), 'setting up');
    const thief = await (await new Visitor(application).signsUp()).enrols();
    const payment = { amount: '40.00', recipient: 'ACME' };
    const grant = String((await thief.post('/account/payment', payment)).body['grant']);
    expect((await thief.get(`/two-factor/step-up/${grant}`)).body['summary']).toBe('Pay 40.00 EUR to ACME');
    const sealed = await sql.query<{ id: string; value: string }>(
      `SELECT id, secret AS value FROM authenticators UNION ALL SELECT id, phone_number FROM enrolled_phones
       UNION ALL SELECT id, phone_number FROM verification_requests`,
    );
    expect(sealed.rows).toHaveLength(5);
    for (const { id, value } of sealed.rows) {
      await sql.query(
        `INSERT INTO step_up_grants (id, user_id, sid, payload_hash, action, summary, created_at, expires_at)
         SELECT $2, user_id, sid, payload_hash, action, $3, created_at, expires_at FROM step_up_grants WHERE id = $1`,
        [grant, id, value],
      );
      const answer = await thief.get(`/two-factor/step-up/${id}`);
      expect([answer.status, answer.body['summary']]).toEqual([500, undefined]);
    }
  });

  it('the form of version 1 is refused, and rewritten by the key rotation only when it is told to', async () => {
    const { sql } = application;
    const victim = await (await new Visitor(application).signsUp()).enrols();
    mustBe(await victim.post('/two-factor/authenticators'), 'setting up');
    const cipher = new PersonalDataCipher({ encryption: RING, fingerprint: FINGERPRINT_RING });
    const columns: SealedColumn[] = [
      'verification_requests.phone_number',
      'enrolled_phones.phone_number',
      'authenticators.secret',
    ];
    const stored = async (column: SealedColumn) => {
      const [table, name] = column.split('.');
      const { rows } = await sql.query<{ id: string; value: string }>(
        `SELECT id, ${name} AS value FROM ${table}`,
      );
      expect(rows).toHaveLength(1);
      return rows[0]!;
    };
    const plain = new Map<SealedColumn, string>();
    for (const column of columns) {
      const [table, name] = column.split('.');
      const { id, value } = await stored(column);
      plain.set(column, cipher.open(value, column, id));
      await sql.query(`UPDATE ${table} SET ${name} = $1`, [sealVersion1(plain.get(column)!, id)]);
    }
    expect((await victim.post('/two-factor/challenge')).status).toBe(500);
    await expect(application.app.get(FactorKeyRotator).run()).rejects.toThrow('--reseal-version-1');

    const rotation = run(
      process.execPath,
      ['dist/src/commands/rotate-keys.js', '--reseal-version-1'],
      testEnvironment(application, KEYS),
    );
    expect(await rotation.ended()).toBe(0);
    for (const column of columns) {
      const { id, value } = await stored(column);
      expect(value).toMatch(/^v2:e1:/);
      expect(cipher.open(value, column, id)).toBe(plain.get(column));
    }
    mustBe(await victim.post('/two-factor/challenge'), 'the challenge');
  });
});
