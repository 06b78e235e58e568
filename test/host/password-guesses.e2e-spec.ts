import { HostUpkeep } from '../../src/host/host-upkeep.js';
import { AccountMails } from '../../src/host/mail/account-mails.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { tokenIn } from '../support/mailbox.js';
import { codeOf, mustBe, Visitor } from './visitor.js';

const WRONG = 'not the password at all';
const STRANGERS_LIMIT = 80;

let application: TestApplication;
beforeAll(async () => {
  application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
});
afterAll(() => application.close());

const guess = (email: string, by = new Visitor(application)) =>
  by.post('/sign-in', { email, password: WRONG });
/** Lets all waits pass. */
const waits = () =>
  application.sql.query(`UPDATE host_failed_passwords SET blocked_until = clock_timestamp()`);
/** As many wrong passwords in a row have been typed somewhere. */
const hasFailed = (failures: number) =>
  application.sql.query(`UPDATE host_failed_passwords SET failures = $1, blocked_until = clock_timestamp()`, [
    failures,
  ]);
const forgetAll = () => application.sql.query('DELETE FROM host_failed_passwords');

describe('guesses at the password of one account, from however many addresses', () => {
  beforeEach(forgetAll);

  it('are few, then wait longer and longer, then end for a day', async () => {
    const { email } = await new Visitor(application).signsUp();
    const free = await Promise.all(Array.from({ length: 10 }, () => guess(email)));
    expect(free.map(({ status }) => status)).toEqual(Array(10).fill(401));
    const waited: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      await waits();
      // Of all that come at once after a wait, one is looked at.
      const statuses = await Promise.all(Array.from({ length: i > 3 ? 3 : 1 }, () => guess(email)));
      expect(statuses.filter(({ status }) => status === 401)).toHaveLength(1);
      const { rows } = await application.sql.query<{ seconds: number }>(
        `SELECT round(extract(epoch FROM blocked_until - last_failed_at))::int AS seconds FROM host_failed_passwords`,
      );
      waited.push(rows[0]!.seconds);
    }
    expect(waited).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    await hasFailed(STRANGERS_LIMIT - 1);
    expect((await guess(email)).status).toBe(401);
    const locked = await guess(email);
    expect(codeOf(locked)).toEqual([429, 'rate-limited']);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(86_000);
    expect((await application.mailbox.newest(email, 2)).subject).toBe('Someone is guessing your password');
  });

  it('are counted for an address without an account in the same way', async () => {
    const { email } = await new Visitor(application).signsUp();
    const nobody = 'nobody.at.all@example.com';
    for (let i = 0; i < 12; i += 1) {
      const [known, unknown] = [await guess(email), await guess(nobody)];
      expect([known.status, known.body['code']]).toEqual([unknown.status, unknown.body['code']]);
    }
    expect((await guess(nobody)).status).toBe(429);
    const { rows } = await application.sql.query('SELECT * FROM host_failed_passwords');
    expect(JSON.stringify(rows)).not.toContain('nobody');
  });

  it('do not lock out the owner’s browser, whose own guesses are counted apart and are few', async () => {
    const owner = await new Visitor(application).signsUp();
    const { email } = owner;
    await guess(email);
    await hasFailed(STRANGERS_LIMIT);
    await guess(email);
    expect((await owner.elsewhere().signsIn()).status).toBe(429);
    expect((await owner.signsIn()).status).toBe(200);

    // Somebody who has stolen the cookie: it is worth 20 guesses, then its bearer is a stranger.
    for (let i = 0; i < 20; i += 1) {
      await application.sql.query(
        `UPDATE host_failed_passwords SET blocked_until = clock_timestamp() WHERE source <> 'strangers'`,
      );
      expect((await guess(email, owner)).status).toBe(401);
    }
    expect((await owner.signsIn()).status).toBe(429);
  });

  it('end for the owner with a reset, also while strangers go on', async () => {
    const owner = await new Visitor(application).signsUp();
    const { email } = owner;
    await guess(email);
    await hasFailed(STRANGERS_LIMIT);
    await guess(email);
    const elsewhere = owner.elsewhere();
    expect((await elsewhere.signsIn()).status).toBe(429);
    await elsewhere.post('/password-reset', { email });
    const token = tokenIn(await application.mailbox.link(email, 2));
    elsewhere.password = 'quite another password';
    mustBe(await elsewhere.post('/password-reset/finish', { token, password: elsewhere.password }), 'reset');
    expect((await guess(email)).status).toBe(401);
    await hasFailed(STRANGERS_LIMIT);
    await guess(email);
    expect((await elsewhere.signsIn()).status).toBe(200);
  });

  it('end with a right one', async () => {
    const person = await new Visitor(application).signsUp();
    for (let i = 0; i < 9; i += 1) await guess(person.email);
    expect((await person.elsewhere().signsIn()).status).toBe(200);
    for (let i = 0; i < 9; i += 1) expect((await guess(person.email)).status).toBe(401);
  });

  it('are counted on the account page too, and close nothing but it', async () => {
    const owner = await new Visitor(application).signsUp();
    const fields = { currentPassword: WRONG, password: 'quite another password' };
    const answers = [];
    for (let i = 0; i < 12; i += 1) answers.push((await owner.post('/account/password', fields)).status);
    expect(answers.filter((status) => status === 422)).toHaveLength(10);
    expect(answers.at(-1)).toBe(429);
    expect((await owner.elsewhere().signsIn()).status).toBe(200);
  });

  it('are kept no longer than they count', async () => {
    await guess('somebody@example.com');
    await application.sql.query(
      `UPDATE host_failed_passwords SET last_failed_at = now() - interval '31 days'`,
    );
    await application.app.get(HostUpkeep, { strict: false }).round();
    const { rows } = await application.sql.query('SELECT 1 FROM host_failed_passwords');
    expect(rows).toEqual([]);
  });
});

describe('e-mails to one address', () => {
  it('are at most five an hour, however many are asked for at once', async () => {
    const owner = await new Visitor(application).signsUp();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        new Visitor(application).post(i % 2 ? '/password-reset' : '/sign-up', { email: owner.email }),
      ),
    );
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    await application.app.get(AccountMails, { strict: false }).beforeApplicationShutdown();
    // The link that made the account is one of the five.
    expect(application.mailbox.of(owner.email)).toHaveLength(5);
  });
});
