import { generate } from 'otplib';
import { startApplication, type TestApplication, wrongCode } from '../support/application.js';
import type { Answer } from '../support/client.js';
import { mustBe, requestIdOf, Visitor } from './visitor.js';

const inDigits = (code: string, zero: number) =>
  code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));

/** How people and their keyboards write a code of digits. */
const SPELLINGS: [string, (code: string) => string][] = [
  ['Arabic-Indic digits', (code) => inDigits(code, 0x660)],
  ['Persian digits', (code) => inDigits(code, 0x6f0)],
  ['full-width digits', (code) => inDigits(code, 0xff10)],
  ['a zero-width space', (code) => code.replace(/^.../, '$&\u200b')],
  ['bidi isolates', (code) => `\u2068${code}\u2069`],
  ['a right-to-left mark', (code) => `\u200f${code}`],
  ['a no-break space', (code) => code.replace(/^.../, '$&\u00a0')],
  ['a hyphen', (code) => code.replace(/^.../, '$&-')],
  ['a no-break hyphen', (code) => code.replace(/^.../, '$&\u2011')],
  ['an en dash', (code) => code.replace(/^.../, '$&\u2013')],
  ['a minus sign', (code) => code.replace(/^.../, '$&\u2212')],
  ['a prefix', (code) => `G-${code}`],
  [
    'the whole message',
    (code) => `MyApp code: ${code}. Valid for 5 minutes. ${'Keep it secret. '.repeat(20)}`,
  ],
];
const MALFORMED: [string, (code: string) => string, string][] = [
  ['a code that is too short', (code) => code.slice(1), 'too-short'],
  ['a code that is too long', (code) => `${code}0`, 'too-long'],
  ['letters', () => 'abcdef', 'not-digits'],
  ['a message with two codes', (code) => `${code} or ${wrongCode(code)}`, 'ambiguous'],
  ['nothing but a dash', () => ' \u2013 ', 'required'],
];
const WORDS: Record<string, string> = {
  'too-short': 'The code is too short',
  'too-long': 'The code is too long',
  'not-digits': 'Use digits only',
  'not-a-code': 'Use only letters and digits',
  ambiguous: 'More than one number could be the code',
  required: 'Enter the code',
};

let application: TestApplication;
beforeAll(async () => {
  application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
});
afterAll(() => application.close());

const now = () => Math.floor(Date.now() / 1000);
/** The next code counts, whatever was used before. */
const forgetUsedCodes = () => application.sql.query('UPDATE otp_authenticators SET last_step = 0');

const mustBeMalformed = (person: Visitor, { status, body, text }: Answer, defect: string) => {
  expect([status, person.kind === 'json' ? body['code'] : null]).toEqual([
    400,
    person.kind === 'json' ? 'invalid-input' : null,
  ]);
  if (person.kind === 'json') expect(body['errors']).toMatchObject([{ field: 'otpCode', code: defect }]);
  expect(text).toContain(WORDS[defect]);
};
/** Counters of wrong codes that belong to the person. */
const wrongCodesOf = async ({ email }: Visitor) => {
  const { rows } = await application.sql.query<{ wrong: number }>(
    `SELECT coalesce(sum(wrong_codes), 0)::int AS wrong FROM otp_factor_attempts
      WHERE user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
    [email],
  );
  return rows[0]!.wrong;
};

describe.each(['json', 'html'] as const)('every kind of code is read the same (%s)', (kind) => {
  const someone = () => new Visitor(application, kind).signsUp();
  const setsUp = async (person: Visitor) => {
    const { text, body } = mustBe(
      await person.post('/two-factor/authenticators', { label: '' }),
      'setting up',
    );
    const shown = body['secret'] ?? /<code dir="ltr">([A-Z2-7 ]+)</.exec(text)?.[1];
    return String(shown).replaceAll(' ', '');
  };
  const confirms = (person: Visitor, otpCode: string) =>
    person.post('/two-factor/authenticators/confirm', { otpCode });
  const withApp = async () => {
    const person = await someone();
    const secret = await setsUp(person);
    mustBe(await confirms(person, await generate({ secret })), 'confirming');
    return { person, secret };
  };
  const signedIn = async (person: Visitor) => {
    const other = person.elsewhere();
    mustBe(await other.signsIn(), 'signing in');
    return other;
  };
  const shows = (person: Visitor, otpCode: string, factor = 'totp') =>
    person.post('/two-factor/code', { factor, otpCode });
  const recoveryCodes = async (person: Visitor) => {
    const { body, text } = mustBe(await person.post('/two-factor/recovery-codes'), 'making codes');
    return kind === 'json'
      ? (body['recoveryCodes'] as string[])
      : [...text.matchAll(/<li><code dir="ltr">([^<]+)</g)].map(([, code]) => code!);
  };

  describe('a code of an app', () => {
    it.each(SPELLINGS)('with %s, at set-up and at sign-in', async (_name, spell) => {
      const person = await someone();
      const secret = await setsUp(person);
      mustBe(await confirms(person, spell(await generate({ secret }))), 'confirming');
      await forgetUsedCodes();
      mustBe(await shows(await signedIn(person), spell(await generate({ secret }))), 'showing');
    });

    it.each(MALFORMED)('%s costs nothing', async (_name, spell, defect) => {
      const person = await someone();
      const secret = await setsUp(person);
      const code = await generate({ secret });
      for (let tries = 0; tries < 6; tries += 1)
        mustBeMalformed(person, await confirms(person, spell(code)), defect);
      mustBe(await confirms(person, await generate({ secret })), 'confirming');
      await forgetUsedCodes();
      const other = await signedIn(person);
      for (let tries = 0; tries < 6; tries += 1)
        mustBeMalformed(other, await shows(other, spell(code)), defect);
      expect(await wrongCodesOf(person)).toBe(0);
      mustBe(await shows(other, await generate({ secret })), 'showing');
    });
  });

  describe('a code that was sent', () => {
    it.each(SPELLINGS)('with %s', async (_name, spell) => {
      const person = await (await someone()).enrols();
      const other = await signedIn(person);
      mustBe(await other.types(await other.isChallenged(), spell(other.code)), 'the code');
    });

    it.each(MALFORMED)('%s costs nothing', async (_name, spell, defect) => {
      const person = await (await someone()).enrols();
      const other = await signedIn(person);
      const requestId = await other.isChallenged();
      for (let tries = 0; tries < 4; tries += 1)
        mustBeMalformed(other, await other.types(requestId, spell(other.code)), defect);
      expect(await wrongCodesOf(person)).toBe(0);
      mustBe(await other.types(requestId, other.code), 'the code');
    });

    it('a message that holds no single code is shown again whole', async () => {
      if (kind === 'json') return;
      const person = await (await someone()).enrols();
      const other = await signedIn(person);
      const message = `${'Your code. '.repeat(30)}${other.code} or ${wrongCode(other.code)}`;
      expect((await other.types(await other.isChallenged(), message)).text).toContain(`value="${message}"`);
    });
  });

  describe('a recovery code', () => {
    it('in any spelling', async () => {
      const person = await (await someone()).enrols();
      const codes = await recoveryCodes(person);
      const spellings: ((code: string) => string)[] = [
        (code) => code.replaceAll('-', '\u2011'),
        (code) => code.replaceAll('-', '\u2013'),
        (code) => code.replaceAll('-', '\u200b'),
        (code) => code.replaceAll('-', '\u2212'),
        (code) => `\u2068${code}\u2069`,
        (code) => code.replaceAll('-', '\u00a0').toUpperCase(),
        (code) => inDigits(code, 0x6f0),
        (code) => inDigits(code, 0xff10),
      ];
      for (const [index, spell] of spellings.entries())
        mustBe(await shows(await signedIn(person), spell(codes[index]!), 'recovery'), `spelling ${index}`);
    });

    it('that cannot be one costs nothing', async () => {
      const person = await (await someone()).enrols();
      const [code] = await recoveryCodes(person);
      const other = await signedIn(person);
      const malformed: [string, string][] = [
        [code!.slice(1), 'too-short'],
        [`${code}0`, 'too-long'],
        [code!.replace(/.$/, '?'), 'not-a-code'],
        ['\u2011', 'required'],
      ];
      for (let tries = 0; tries < 3; tries += 1)
        for (const [otpCode, defect] of malformed)
          mustBeMalformed(other, await shows(other, otpCode, 'recovery'), defect);
      expect(await wrongCodesOf(person)).toBe(0);
      mustBe(await shows(other, code!, 'recovery'), 'the code');
    });
  });

  describe('a code of an app that was used', () => {
    const USED = /You’ve already used this code\. Wait for the next one/;
    const WRONG_OR_USED = /That code isn’t right\. .*If you’ve used it already, wait for the next code/;
    const WRONG = /That code isn’t right\. Check it and try again\.(?! If)/;

    it('says so in the session that used it, and costs no attempt', async () => {
      const { person, secret } = await withApp();
      const otpCode = await usedCode(secret);
      for (let tries = 0; tries < 6; tries += 1) {
        const answer = await shows(person, otpCode);
        expect([answer.status, USED.test(answer.text)]).toEqual([409, true]);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(90);
      }
      expect(await wrongCodesOf(person)).toBe(0);
    });
    it('a wrong code in that session is just wrong', async () => {
      const { person, secret } = await withApp();
      const wrong = await notOneOf(secret);
      const answer = await shows(person, wrong);
      expect([answer.status, WRONG.test(answer.text)]).toEqual([422, true]);
    });

    it('gets from any other session the answer of a wrong one, which says what to do', async () => {
      const { person, secret } = await withApp();
      const used = await usedCode(secret);
      const wrong = await notOneOf(secret);
      const [knowing, guessing] = [await signedIn(person), await signedIn(person)];
      for (let tries = 0; tries < 2; tries += 1) {
        const [one, other] = [await shows(knowing, used), await shows(guessing, wrong)];
        expect([one.status, WRONG_OR_USED.test(one.text)]).toEqual([422, true]);
        expect([other.status, other.text.replaceAll(wrong, used)]).toEqual([one.status, one.text]);
      }
      // Both have cost an attempt: the count would tell too.
      const { rows } = await application.sql.query<{ wrong_codes: number }>(
        `SELECT wrong_codes FROM otp_factor_attempts WHERE source LIKE 'session %'
            AND user_id = (SELECT id::text FROM host_users WHERE email = $1)`,
        [person.email],
      );
      expect(rows.map(({ wrong_codes: wrongCodes }) => wrongCodes)).toEqual([2, 2]);
    });

    it('is an ordinary wrong code once no used code can be on a screen', async () => {
      const { person, secret } = await withApp();
      const old = await generate({ secret, epoch: now() - 600 });
      await application.sql.query('UPDATE otp_authenticators SET last_step = last_step - 20');
      const answer = await shows(await signedIn(person), old);
      expect([answer.status, WRONG.test(answer.text)]).toEqual([422, true]);
    });

    /** The code of the newest step that was accepted. */
    const usedCode = async (secret: string) => {
      const { rows } = await application.sql.query<{ step: string }>(
        'SELECT last_step AS step FROM otp_authenticators ORDER BY created_at DESC LIMIT 1',
      );
      return generate({ secret, epoch: Number(rows[0]!.step) * 30 });
    };
    /** Six digits that the app shows neither now nor close to now. */
    const notOneOf = async (secret: string) => {
      const steps = [-90, -60, -30, 0, 30, 60, 90].map((seconds) =>
        generate({ secret, epoch: now() + seconds }),
      );
      const shown = await Promise.all(steps);
      return ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777'].find(
        (code) => !shown.includes(code),
      )!;
    };
  });
});

it.each(SPELLINGS)('the code of a phone verification with %s', async (_name, spell) => {
  const { requestId, code } = await application.started();
  const answer = await application.client.json('POST', '/verify-otp', { requestId, otpCode: spell(code) });
  expect([answer.status, answer.body['status']]).toEqual([200, 'VERIFIED']);
});

it.each(MALFORMED)('%s costs a phone verification nothing', async (_name, spell, defect) => {
  const { requestId, code } = await application.started();
  const checks = application.sandbox.calls().check;
  for (let tries = 0; tries < 4; tries += 1) {
    const fields = { requestId, otpCode: spell(code) };
    const answer = await application.client.json('POST', '/verify-otp', fields);
    expect([answer.status, answer.body['errors']]).toMatchObject([400, [{ code: defect }]]);
    const page = await application.client.html('POST', '/verify-otp', fields);
    expect([page.status, page.text.includes(WORDS[defect]!)]).toEqual([400, true]);
    expect(requestIdOf(page)).toBe(requestId);
  }
  expect(application.sandbox.calls().check).toBe(checks);
});
