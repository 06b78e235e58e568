import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/app.setup.js';
import { loadConfig } from '../../src/config/index.js';
import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { until } from '../support/until.js';
import { testEnvironment } from '../support/environment.js';
import { tokenIn } from '../support/mailbox.js';
import { codeOf, mustBe, PASSWORD, Visitor } from './visitor.js';

const NEW_PASSWORD = 'quite another password';
const ALTERNATIVE = 'yet another secret';

/** What an answer tells an outsider: not the headers that differ by nature, and not the address that was typed. */
const toldBy = ({ status, text, headers }: Awaited<ReturnType<Visitor['post']>>, email: string) => [
  status,
  text.replaceAll(email, '<email>'),
  [...headers.keys()].sort(),
];

let application: TestApplication;
beforeAll(async () => {
  application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
});
afterAll(() => application.close());

describe.each(['json', 'html'] as const)('passwords (%s)', (kind) => {
  const visitor = () => new Visitor(application, kind);
  const asksForReset = async (person: Visitor, mails: number) => {
    mustBe(await visitor().post('/password-reset', { email: person.email }), 'asking for a reset');
    return tokenIn(await application.mailbox.link(person.email, mails));
  };
  const isIn = async (person: Visitor) => (await person.get('/account')).status === 200;
  const done = kind === 'json' ? 200 : 303;

  it('signing up answers the same whether the address is taken or not; a mail tells its owner', async () => {
    const owner = await visitor().signsUp();
    const free = `free.${kind}@example.com`;
    const forTaken = await visitor().post('/sign-up', { email: owner.email });
    const forFree = await visitor().post('/sign-up', { email: free });
    expect(forTaken.status).toBe(200);
    expect(toldBy(forTaken, owner.email)).toEqual(toldBy(forFree, free));
    const taken = await application.mailbox.newest(owner.email, 2);
    expect(taken.subject).toBe('You already have an account');
    expect(taken.text).toContain('/password-reset/finish?token=');
    expect((await application.mailbox.newest(free)).subject).toBe('Finish creating your account');
  });

  it('a change to the same password changes nothing, and says so', async () => {
    const person = await visitor().signsUp();
    const elsewhere = person.elsewhere();
    await elsewhere.signsIn();
    const refused = await person.post('/account/password', {
      currentPassword: person.password,
      password: person.password,
    });
    expect([refused.status, refused.text.includes('This is your current password.')]).toEqual([400, true]);
    expect(await isIn(elsewhere)).toBe(true);
  });

  it('a link makes one account, and only with its password chosen by whoever has the mail', async () => {
    const email = `once.${kind}@example.com`;
    await visitor().post('/sign-up', { email });
    const link = await application.mailbox.link(email);
    expect((await visitor().get(link)).status).toBe(200);
    const token = tokenIn(link);
    const person = visitor();
    person.email = email;
    expect((await person.post('/sign-up/finish', { token, password: 'short' })).status).toBe(400);
    expect((await person.post('/sign-up/finish', { token, password: PASSWORD })).status).toBe(done);
    expect(await isIn(person)).toBe(true);
    expect((await visitor().post('/sign-up/finish', { token, password: NEW_PASSWORD })).status).toBe(410);
    expect((await visitor().get(link)).status).toBe(410);
    expect((await person.elsewhere().signsIn()).status).toBe(done);
  });

  it('asking for a reset answers the same whether there is an account or not', async () => {
    const owner = await visitor().signsUp();
    const nobody = `nobody.${kind}@example.com`;
    const known = await visitor().post('/password-reset', { email: owner.email });
    const unknown = await visitor().post('/password-reset', { email: nobody });
    expect(known.status).toBe(200);
    expect(toldBy(known, owner.email)).toEqual(toldBy(unknown, nobody));
    await application.mailbox.newest(owner.email, 2);
    expect(application.mailbox.of(nobody)).toEqual([]);
    // The page cannot claim that an email went out.
    const page = await new Visitor(application, 'html').post('/password-reset', { email: nobody });
    expect(page.text).toContain(
      `<p>If there is an account with this address, we emailed a link to <bdi>${nobody}`,
    );
  });

  it('a reset ends all sessions and trusted browsers, signs nobody in, and skips no second factor', async () => {
    const owner = await (await visitor().signsUp()).enrols();
    const token = await asksForReset(owner, 2);
    const browser = owner.elsewhere();
    const answer = await browser.post('/password-reset/finish', { token, password: NEW_PASSWORD });
    expect(answer.status).toBe(done);
    expect(browser.session).toBeUndefined();
    expect(await isIn(owner)).toBe(false);
    expect((await owner.elsewhere().signsIn()).status).toBe(401);
    browser.password = NEW_PASSWORD;
    await browser.signsIn();
    expect(await isIn(browser)).toBe(false);
    mustBe(await browser.types(await browser.isChallenged(), browser.code), 'the code');
    expect(await isIn(browser)).toBe(true);
    expect((await application.mailbox.newest(owner.email, 3)).subject).toBe('Your password was changed');
  });

  it('a reset link works once, for 30 minutes, and not after another change of the password', async () => {
    const owner = await visitor().signsUp();
    const first = await asksForReset(owner, 2);
    const second = await asksForReset(owner, 3);
    const finish = (token: string, password = NEW_PASSWORD) =>
      visitor().post('/password-reset/finish', { token, password });
    expect((await finish(first)).status).toBe(done);
    expect((await finish(first, ALTERNATIVE)).status).toBe(410);
    expect((await finish(second, ALTERNATIVE)).status).toBe(410);
    const third = await asksForReset(owner, 5);
    await application.sql.query(
      `UPDATE host_account_links SET created_at = created_at - interval '31 minutes', expires_at = expires_at - interval '31 minutes' WHERE email = $1`,
      [owner.email],
    );
    expect((await finish(third, ALTERNATIVE)).status).toBe(410);
    owner.password = NEW_PASSWORD;
    expect((await owner.elsewhere().signsIn()).status).toBe(done);
  });

  it.each(['/sign-up', '/password-reset'])(
    'the page of a link at %s without its token leads to a new link, and takes no password',
    async (path) => {
      const { status, text } = await new Visitor(application, 'html').get(`${path}/finish`);
      expect(status).toBe(400);
      expect(text).toContain('This link has expired or was already used. Get a new one.');
      expect(text).toContain(`<a href="${path}">Get a new link</a>`);
      expect(text).not.toContain('type="password"');
    },
  );

  it('changing the password ends the other sessions, and this one goes on under a new id', async () => {
    const owner = await (await visitor().signsUp()).enrols();
    const other = await owner.elsewhere().isSignedIn();
    const before = owner.session!;
    const fields = { currentPassword: PASSWORD, password: NEW_PASSWORD };
    mustBe(await owner.post('/account/password', fields), 'changing the password');
    expect(await isIn(owner)).toBe(true);
    expect(owner.session).not.toBe(before);
    expect(await isIn(other)).toBe(false);
    expect((await owner.elsewhere().signsIn()).status).toBe(401);
    owner.password = NEW_PASSWORD;
    expect((await owner.elsewhere().signsIn()).status).toBe(done);
  });

  it('of two changes from the same password at once, one is made', async () => {
    const owner = await visitor().signsUp();
    const thief = owner.elsewhere();
    await thief.signsIn();
    const change = (person: Visitor, password: string) =>
      person.post('/account/password', { currentPassword: PASSWORD, password });
    const answers = await Promise.all([change(owner, NEW_PASSWORD), change(thief, ALTERNATIVE)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    owner.password = answers[0].status === 200 ? NEW_PASSWORD : ALTERNATIVE;
    expect((await owner.elsewhere().signsIn()).status).toBe(done);
  });

  it('a change that is under way while the owner signs out everywhere is refused', async () => {
    const owner = await visitor().signsUp();
    const thief = owner.elsewhere();
    await thief.signsIn();
    // Holds the user's row, as a change that came first does, until the thief's waits for it.
    const blocker = await application.sql.connect();
    try {
      await blocker.query('BEGIN');
      const { rows } = await blocker.query<{ id: string }>('SELECT id FROM host_users WHERE email = $1', [
        owner.email,
      ]);
      const { id } = rows[0]!;
      await blocker.query(
        `INSERT INTO otp_factor_epochs (user_id, epoch) VALUES ($1, 1)
         ON CONFLICT (user_id) DO UPDATE SET epoch = otp_factor_epochs.epoch + 1`,
        [id],
      );
      const late = thief.post('/account/password', { currentPassword: PASSWORD, password: NEW_PASSWORD });
      await until(async () => {
        const waiting = await application.sql.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%otp_factor_epochs%'`,
        );
        return waiting.rows.length > 0;
      });
      await blocker.query('COMMIT');
      expect((await late).status).toBe(kind === 'json' ? 401 : 303);
    } finally {
      blocker.release();
    }
    expect(await isIn(thief)).toBe(false);
    expect((await owner.elsewhere().signsIn()).status).toBe(done);
  });

  it('changing the password asks for the present one, and for a fresh factor', async () => {
    const owner = await visitor().signsUp();
    const fields = { currentPassword: 'not the password', password: NEW_PASSWORD };
    expect((await owner.post('/account/password', fields)).status).toBe(422);
    await owner.enrols(freshNumber());
    await application.sql.query(
      `UPDATE host_sessions
          SET sess = regexp_replace(sess::text, '"completedAt":"\\d+-', '"completedAt":"2020-', 'g')::json`,
    );
    const stale = await owner.post('/account/password', { ...fields, currentPassword: PASSWORD });
    expect(stale.status).toBe(kind === 'json' ? 403 : 303);
    expect((await owner.elsewhere().signsIn()).status).toBe(done);
  });
});

describe('a chosen password', () => {
  const choose = async (password: string) => {
    const person = new Visitor(application);
    person.email = `chooser${Math.random()}@example.com`;
    person.password = password;
    await person.post('/sign-up', { email: person.email });
    const token = tokenIn(await application.mailbox.link(person.email));
    return { person, answer: await person.post('/sign-up/finish', { token, password }) };
  };
  const problemOf = async (password: string) => {
    const { answer } = await choose(password);
    const errors = (answer.body['errors'] ?? []) as { field: string; code: string }[];
    return [answer.status, ...errors.map(({ field, code }) => `${field} ${code}`)];
  };

  it.each([
    ['a breached one', 'password1234', 'common'],
    ['a breached one in other letters', 'ＰassWord1234', 'common'],
    ['the demo users’ one', 'Correct Horse Battery Staple', 'common'],
    ['one of 11 characters', 'a'.repeat(11), 'too-short'],
    ['one of 129 characters', '😀'.repeat(129), 'too-long'],
    ['one that grows by NFKC', '\ufdfa'.repeat(12), 'too-long'],
    ['one that hides its length', `${'ab'.repeat(6)}${'\ufe0f'.repeat(300)}`, 'too-long'],
    ['half a character', `${'ab'.repeat(6)}\ud800`, 'malformed'],
  ])('cannot be %s', async (_name, password, code) => {
    expect(await problemOf(password)).toEqual([400, `password ${code}`]);
  });

  it.each([
    ['100 emoji', '😀'.repeat(100)],
    ['128 characters outside the basic plane', '𝄞'.repeat(128)],
    ['characters that are composed', 'é'.normalize('NFD').repeat(12)],
  ])('of %s can sign in again', async (_name, password) => {
    const { person, answer } = await choose(password);
    expect(answer.status).toBe(200);
    expect((await person.elsewhere().signsIn()).status).toBe(200);
    person.password = password.normalize('NFC');
    expect((await person.elsewhere().signsIn()).status).toBe(200);
  });

  it.each([
    'user\u202e@example.com',
    'us\u200ber@example.com',
    'us\u0000er@example.com',
    'pаypal@example.com', // a Cyrillic а
    'user@exаmple.com',
    `${'a'.repeat(65)}@example.com`,
  ])('comes with an address that looks like no other: %j is refused', async (email) => {
    const answer = await new Visitor(application).post('/sign-up', { email });
    expect([answer.status, (answer.body['errors'] as unknown[])?.length]).toEqual([400, 1]);
    // And is no more than an unknown one at sign-in.
    const guess = await new Visitor(application).post('/sign-in', { email, password: PASSWORD });
    expect(codeOf(guess)).toEqual([401, 'sign-in-failed']);
  });

  it('belongs to one address, however that is written', async () => {
    const person = await new Visitor(application).signsUp();
    person.email = ` ${person.email.toUpperCase().replaceAll('P', 'Ｐ')} `;
    expect((await person.elsewhere().signsIn()).status).toBe(200);
  });
});

describe('an application that cannot send e-mail', () => {
  it('says so to everybody, and makes nothing', async () => {
    const config = loadConfig(testEnvironment(application));
    const app = await createApp(config, { databaseUrl: application.databaseUrl });
    try {
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      for (const path of ['/sign-up', '/password-reset']) {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { Accept: 'application/json' },
          body: new URLSearchParams({ email: 'somebody@example.com' }),
        });
        expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
          503,
          'email-unavailable',
        ]);
      }
    } finally {
      await app.close();
    }
  });
});
