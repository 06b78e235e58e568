import { startApplication, type TestApplication } from '../support/application.js';
import { requestIdOf, Visitor } from './visitor.js';

const ENROLMENT_ACCOUNTS_FOR = 'phone-enrolment';

describe.each(['json', 'html'] as const)('signing in with a second factor (%s)', (kind) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const enrolled = async () => (await new Visitor(application, kind).signsUp()).enrols();
  /** Signed in with the password only, elsewhere. */
  const halfSignedIn = async () => {
    const person = (await enrolled()).elsewhere();
    await person.signsIn();
    return person;
  };
  const isIn = async (person: Visitor) => (await person.get('/account')).status === 200;
  const codeOf = (answer: { body: Record<string, unknown>; text: string }, words: RegExp) =>
    kind === 'json' ? answer.body['code'] : words.test(answer.text);

  it('the password alone reaches nothing but the second factor', async () => {
    const person = await halfSignedIn();
    for (const [method, path] of [
      ['GET', '/account'],
      ['GET', '/account/payment'],
      ['POST', '/account/payment'],
      ['GET', '/account/users'],
      ['GET', '/two-factor/settings'],
      ['POST', '/two-factor/phones'],
      ['POST', '/two-factor/recovery-codes'],
      ['POST', '/two-factor/authenticators'],
    ] as const) {
      const answer = await person.call(
        method,
        path,
        method === 'POST' ? { amount: '1.00', recipient: 'x' } : undefined,
      );
      if (kind === 'json') {
        expect([path, answer.status, answer.body['code']]).toEqual([path, 403, 'second-factor-required']);
        expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_user_authentication"');
      } else {
        expect([path, answer.status]).toEqual([path, 303]);
        expect(answer.headers.get('location')).toMatch(/^\/two-factor\?returnTo=/);
      }
    }
  });

  it('a right code gives a session with a new id and both factors; the old id is dead', async () => {
    const person = await halfSignedIn();
    const before = person.session;
    const answer = await person.types(await person.isChallenged(), person.code);
    expect(answer.status).toBe(kind === 'json' ? 200 : 303);
    if (kind === 'json')
      expect(answer.body).toMatchObject({ level: 'two-factor', amr: ['pwd', 'sms', 'mfa'] });
    expect(person.session).not.toBe(before);
    expect(await isIn(person)).toBe(true);
    const replay = person.elsewhere();
    replay.cookies.set('session', before!);
    expect((await replay.get('/account')).status).toBe(kind === 'json' ? 401 : 303);
    expect((await replay.get('/two-factor')).status).toBe(kind === 'json' ? 401 : 303);
  });

  it('leads back to where the person was going', async () => {
    const person = (await enrolled()).elsewhere();
    const refused = await person.get('/account/payment?amount=5.00');
    const next = kind === 'json' ? String(refused.body['next']) : refused.headers.get('location')!;
    expect(next).toBe(`/sign-in?returnTo=${encodeURIComponent('/account/payment?amount=5.00')}`);
    const returnTo = '/account/payment?amount=5.00';
    const signedIn = await person.signsIn(returnTo);
    expect(kind === 'json' ? signedIn.body['next'] : signedIn.headers.get('location')).toBe(
      `/two-factor?returnTo=${encodeURIComponent(returnTo)}`,
    );
    const done = await person.types(await person.isChallenged(), person.code, { returnTo });
    expect(kind === 'json' ? done.body['next'] : done.headers.get('location')).toBe(returnTo);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https:evil.example',
    '/\t/evil.example',
  ])('never leads to %j', async (returnTo) => {
    const person = await halfSignedIn();
    const done = await person.types(await person.isChallenged(), person.code, { returnTo });
    expect(kind === 'json' ? done.body['next'] : done.headers.get('location')).toBe('/account');
  });

  it('a wrong code, then the right one', async () => {
    const person = await halfSignedIn();
    const requestId = await person.isChallenged();
    const wrong = await person.types(requestId, person.wrongCode);
    expect(wrong.status).toBe(422);
    expect(codeOf(wrong, /That code isn’t right/)).toBe(kind === 'json' ? 'wrong-code' : true);
    expect(await isIn(person)).toBe(false);
    await person.types(requestId, person.code);
    expect(await isIn(person)).toBe(true);
  });

  it('an expired code says so', async () => {
    const person = await halfSignedIn();
    const requestId = await person.isChallenged();
    await application.sql.query('UPDATE otp_verification_requests SET expires_at = now() WHERE id = $1', [
      requestId,
    ]);
    const answer = await person.types(requestId, person.code);
    expect(answer.status).toBe(410);
    expect(codeOf(answer, /has expired/)).toBe(kind === 'json' ? 'expired' : true);
  });

  it('a code of an enrolment is no code of a sign-in, and the reverse', async () => {
    const person = await enrolled();
    const { rows } = await application.sql.query<{ id: string }>(
      `SELECT id FROM otp_verification_requests WHERE purpose = $1 ORDER BY created_at DESC LIMIT 1`,
      [ENROLMENT_ACCOUNTS_FOR],
    );
    expect((await person.types(rows[0]!.id, person.code)).status).toBe(404);
    const requestId = await person.isChallenged();
    const answer = await person.post('/two-factor/phones/verify', { requestId, otpCode: person.code });
    expect(answer.status).toBe(404);
    expect((await person.types(requestId, person.code)).status).toBe(kind === 'json' ? 200 : 303);
  });

  it('somebody else’s request is unknown, and none of its attempts is spent', async () => {
    const owner = await halfSignedIn();
    const other = await halfSignedIn();
    const requestId = await owner.isChallenged();
    expect((await other.types(requestId, owner.code)).status).toBe(404);
    expect(await isIn(other)).toBe(false);
    const { rows } = await application.sql.query(
      'SELECT attempts FROM otp_verification_requests WHERE id = $1',
      [requestId],
    );
    expect(rows).toEqual([{ attempts: 0 }]);
    await owner.types(requestId, owner.code);
    expect(await isIn(owner)).toBe(true);
  });

  it('ten right codes at once give one session', async () => {
    const person = await halfSignedIn();
    const requestId = await person.isChallenged();
    const browsers = Array.from({ length: 10 }, () => {
      const browser = person.elsewhere();
      browser.cookies.set('session', person.session!);
      return browser;
    });
    await Promise.all(browsers.map((browser) => browser.types(requestId, person.code)));
    const inside = await Promise.all(browsers.map(isIn));
    expect(inside.filter(Boolean)).toHaveLength(1);
  });

  it('a session that was fixed beforehand is worth nothing', async () => {
    const person = (await enrolled()).elsewhere();
    person.cookies.set('session', 's%3Afixed.signature');
    await person.signsIn();
    expect(person.session).not.toBe('s%3Afixed.signature');
    const half = person.session!;
    await person.types(await person.isChallenged(), person.code);
    expect(person.session).not.toBe(half);
  });

  it('a GET sends nothing, and shows masked numbers', async () => {
    const person = await halfSignedIn();
    const messages = application.sandbox.ledger(person.phoneNumber).length;
    const answer = await person.get('/two-factor');
    expect(answer.text).toContain(`••${person.phoneNumber.slice(-2)}`);
    expect(answer.text).not.toContain(person.phoneNumber.slice(2));
    expect(application.sandbox.ledger(person.phoneNumber)).toHaveLength(messages);
  });

  it('signing out ends the session', async () => {
    const person = await enrolled();
    const before = person.session!;
    await person.post('/sign-out');
    person.cookies.set('session', before);
    expect(await isIn(person)).toBe(false);
  });

  it('posts from other sites are refused', async () => {
    const person = await halfSignedIn();
    const requestId = await person.isChallenged();
    const answer = await person.post(
      '/two-factor/verify',
      { requestId, otpCode: person.code },
      { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    );
    expect(answer.status).toBe(403);
    expect(requestIdOf(await person.get(`/two-factor/challenge/${requestId}`))).toBe(requestId);
  });
});

describe('the password', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication();
  });
  afterAll(() => application.close());

  it('is refused without telling which part was wrong', async () => {
    const person = await new Visitor(application).signsUp();
    const wrong = await person.post('/sign-in', { email: person.email, password: 'not the password' });
    const unknown = await person.post('/sign-in', {
      email: 'nobody@example.com',
      password: 'not the password',
    });
    expect([wrong.status, wrong.text]).toEqual([401, unknown.text]);
    expect(unknown.status).toBe(401);
    expect((await person.post('/sign-in', { email: person.email })).status).toBe(401);
  });

  it('cannot be guessed quickly from one address', async () => {
    const fenced = await startApplication({ THROTTLE_ADDRESS: '1000/60' });
    try {
      // Each at another account: guesses at one account are counted by account besides.
      const guesses = Array.from({ length: 30 }, (_, i) =>
        fenced.client.json('POST', '/sign-in', { email: `nobody${i}@example.com`, password: 'a guess' }),
      );
      const answers = await Promise.all(guesses);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(20);
      const refused = answers.find(({ status }) => status === 429)!;
      expect(refused.body['code']).toBe('rate-limited');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      await fenced.close();
    }
  });
});
