import { TwoFactorNotifier, type TwoFactorNotice } from '../../src/index.js';
import { TWO_FACTOR_OPTIONS } from '../../src/two-factor/two-factor.options.js';
import { startApplication, type TestApplication } from '../support/application.js';
import { codeOf, mustBe, Visitor } from './visitor.js';

class Notices extends TwoFactorNotifier {
  readonly all: [string, TwoFactorNotice][] = [];
  notify(userId: string, notice: TwoFactorNotice): void {
    this.all.push([userId, notice]);
  }
  get locks(): (string | undefined)[] {
    return this.all.filter(([, { type }]) => type === 'factor-locked').map(([, { detail }]) => detail);
  }
}

/** Somebody who calls from an address. */
class Caller extends Visitor {
  address = '198.51.100.1';
  override call(method: string, path: string, fields?: Record<string, string>) {
    return super.call(method, path, fields, { 'X-Forwarded-For': this.address });
  }
}

/** A code that could be one, and is wrong. */
const GUESS = { totp: '000000', recovery: '00000-00000-0000' };
type OwnFactor = keyof typeof GUESS;

describe('somebody who knows the password does not lock the owner out', () => {
  let application: TestApplication;
  let notices: Notices;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0', TRUST_PROXY: 'loopback' });
  });
  beforeEach(() => {
    notices = new Notices();
    application.app.get<{ notifier?: TwoFactorNotifier }>(TWO_FACTOR_OPTIONS, { strict: false }).notifier =
      notices;
  });
  afterAll(() => application.close());

  const waitsAreOver = () => application.sql.query('UPDATE otp_factor_attempts SET wait_until = NULL');
  const owner = async () => (await new Caller(application).signsUp()).enrols();
  const elsewhere = async (person: Visitor, address: string) => {
    const other = new Caller(application);
    Object.assign(other, { email: person.email, phoneNumber: person.phoneNumber, address });
    mustBe(await other.signsIn(), 'signing in');
    return other;
  };
  /** Types wrong codes that were sent, waits left out. @returns how many were looked at before the caller was stopped */
  const guessesSent = async (thief: Visitor, most: number) => {
    for (let looked = 0; looked < most;) {
      const sent = await thief.post('/two-factor/challenge');
      if (sent.status !== 200) return looked;
      for (let i = 0; i < 3 && looked < most; i += 1) {
        const answer = await thief.types(String(sent.body['requestId']), thief.wrongCode);
        if (answer.status === 429) return looked;
        looked += 1;
        await waitsAreOver();
      }
    }
    return most;
  };
  const guessesOwn = async (thief: Visitor, factor: OwnFactor, most: number) => {
    for (let looked = 0; looked < most; looked += 1) {
      const answer = await thief.post('/two-factor/code', { factor, otpCode: GUESS[factor] });
      if (answer.status === 429) return looked;
      await waitsAreOver();
    }
    return most;
  };
  const confirmsPayment = async (person: Visitor) => {
    const payment = { amount: '40.00', recipient: 'ACME' };
    const grant = String((await person.post('/account/payment', payment)).body['grant']);
    const base = `/two-factor/step-up/${grant}`;
    const requestId = await person.isChallenged(`${base}/challenge`);
    return person.post(`${base}/verify`, { requestId, otpCode: person.code });
  };

  it('a malformed code is no attempt, and writes nothing', async () => {
    const person = await owner();
    const other = await elsewhere(person, '198.51.100.77');
    const sent = mustBe(await other.post('/two-factor/challenge'), 'the challenge');
    const attempts = async () => (await application.sql.query('SELECT * FROM otp_factor_attempts')).rows;
    const before = await attempts();
    for (const code of ['12', '1234567890', 'abcdef']) {
      const answer = await other.types(String(sent.body['requestId']), code);
      expect([answer.status, answer.body['code']]).toEqual([400, 'invalid-input']);
    }
    expect(await attempts()).toEqual(before);
  });

  it('ten wrong codes of a session stop it and its address, and nobody else', async () => {
    const person = await owner();
    const thief = await elsewhere(person, '203.0.113.5');
    expect(await guessesSent(thief, 20)).toBe(10);
    expect(notices.locks).toEqual(['sms']);
    const again = await elsewhere(person, '203.0.113.5');
    const refused = await again.post('/two-factor/challenge');
    expect(codeOf(refused)).toEqual([429, 'rate-limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(23 * 3600);
    // The provider lets go of the thief's last message.
    await application.advanceProvider(31);
    // The owner, with a factor shown before, and in a new browser at another address.
    expect((await confirmsPayment(person)).status).toBe(200);
    const home = await elsewhere(person, '198.51.100.9');
    expect((await home.types(await home.isChallenged(), home.code)).status).toBe(200);
  });

  it('twenty from several addresses stop all sessions without a factor for a day, and no trusted one', async () => {
    const person = await owner();
    expect(await guessesSent(await elsewhere(person, '203.0.113.6'), 10)).toBe(10);
    expect(await guessesSent(await elsewhere(person, '203.0.113.7'), 10)).toBe(10);
    const home = await elsewhere(person, '198.51.100.10');
    expect(codeOf(await home.post('/two-factor/challenge'))).toEqual([429, 'rate-limited']);
    await application.advanceProvider(31);
    expect((await confirmsPayment(person)).status).toBe(200);
    // The lock ends by itself.
    const { rows } = await application.sql.query<{ hours: number }>(
      `SELECT round(extract(epoch FROM max(locked_until) - now()) / 3600)::int AS hours FROM otp_factor_attempts
        WHERE source = 'untrusted'`,
    );
    expect(rows).toEqual([{ hours: 24 }]);
    await application.sql.query('UPDATE otp_factor_attempts SET locked_until = clock_timestamp()');
    expect((await home.types(await home.isChallenged(), home.code)).status).toBe(200);
  });

  it.each<OwnFactor>(['totp', 'recovery'])(
    'the same holds for codes that nobody sends: %s',
    async (factor) => {
      const person = await owner();
      if (factor === 'totp') {
        const { secret } = mustBe(await person.post('/two-factor/authenticators'), 'an app').body;
        const { generate } = await import('otplib');
        const otpCode = await generate({ secret: secret as string });
        mustBe(await person.post('/two-factor/authenticators/confirm', { otpCode }), 'confirming');
      }
      const thief = await elsewhere(person, '203.0.113.8');
      expect(await guessesOwn(thief, factor, 20)).toBe(10);
      expect(await guessesOwn(await elsewhere(person, '203.0.113.8'), factor, 20)).toBe(0);
      expect(await guessesOwn(await elsewhere(person, '203.0.113.9'), factor, 20)).toBe(10);
      expect(await guessesOwn(await elsewhere(person, '203.0.113.10'), factor, 20)).toBe(0);
      // A session that has shown a factor is looked at still, and told that the code is wrong.
      expect((await person.post('/two-factor/code', { factor, otpCode: GUESS[factor] })).status).toBe(422);
      expect(notices.locks).toEqual([factor, factor]);
    },
  );

  it('five in a row bring a wait, a right code begins anew, and what nobody looked at does not count', async () => {
    const person = await owner();
    const home = await elsewhere(person, '198.51.100.11');
    for (let i = 0; i < 4; i += 1) {
      const made = '01890000-0000-7000-8000-000000000000';
      expect((await home.types(made, '000000')).status).toBe(404);
    }
    const requestId = await home.isChallenged();
    for (let i = 0; i < 2; i += 1) expect((await home.types(requestId, home.wrongCode)).status).toBe(422);
    expect((await home.types(requestId, home.code)).status).toBe(200);
    const { rows } = await application.sql.query(
      `SELECT 1 FROM otp_factor_attempts WHERE method = 'sms' AND user_id = (SELECT id::text FROM host_users WHERE email = $1)
          AND wrong_codes > 0`,
      [person.email],
    );
    expect(rows).toEqual([]);
    const other = await elsewhere(person, '198.51.100.12');
    let answer = await other.post('/two-factor/code', { factor: 'recovery', otpCode: GUESS.recovery });
    for (let i = 0; i < 4; i += 1)
      answer = await other.post('/two-factor/code', { factor: 'recovery', otpCode: GUESS.recovery });
    expect(answer.status).toBe(422);
    answer = await other.post('/two-factor/code', { factor: 'recovery', otpCode: GUESS.recovery });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  });

  it('whoever has to wait is told so on a page, too', async () => {
    const person = await owner();
    const thief = new Caller(application, 'html');
    Object.assign(thief, { email: person.email, phoneNumber: person.phoneNumber, address: '203.0.113.30' });
    mustBe(await thief.signsIn(), 'signing in');
    const requestId = await thief.isChallenged();
    await application.sql.query(
      `INSERT INTO otp_factor_attempts (user_id, method, source, wrong_codes, locked_until)
       SELECT id::text, 'sms', 'untrusted', 20, now() + interval '1 day' FROM host_users WHERE email = $1`,
      [person.email],
    );
    const answers = [
      await thief.types(requestId, thief.code),
      await thief.post('/two-factor/resend', { requestId }),
      await thief.post('/two-factor/challenge'),
    ];
    for (const { status, text } of answers) {
      expect(status).toBe(429);
      expect(text).toContain('<h1');
    }
  });

  it('a hundred guesses at once are no more than the waits allow', async () => {
    const person = await owner();
    const thief = await elsewhere(person, '203.0.113.20');
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        thief.post('/two-factor/code', { factor: 'recovery', otpCode: GUESS.recovery }),
      ),
    );
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(95);
  });

  // The last one: after it the provider is left alone for a while.
  it('a code that the provider refused to look at does not count', async () => {
    const person = await owner();
    const home = await elsewhere(person, '198.51.100.13');
    const requestId = await home.isChallenged();
    await application.fault({ kind: 'status', status: 429, operation: 'check', to: person.phoneNumber });
    expect((await home.types(requestId, home.wrongCode)).status).toBe(503);
    const { rows } = await application.sql.query(
      `SELECT 1 FROM otp_factor_attempts WHERE wrong_codes > 0 AND method = 'sms'
          AND user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
      [person.email],
    );
    expect(rows).toEqual([]);
  });
});
