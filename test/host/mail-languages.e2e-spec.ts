import { readFileSync } from 'node:fs';
import { startApplication, type TestApplication } from '../support/application.js';
import { tokenIn } from '../support/mailbox.js';
import { mustBe, PASSWORD, Visitor } from './visitor.js';

const LOCALES = ['en', 'de', 'fr', 'es', 'pt-BR', 'ar', 'ja', 'zh-Hans'];
const subjectIn = (locale: string, mail: string) =>
  (JSON.parse(readFileSync(`messages/${locale}.json`, 'utf8')) as Record<string, string>)[
    `mail.${mail}.subject`
  ];

let application: TestApplication;
beforeAll(async () => {
  application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
});
afterAll(() => application.close());

/** Somebody whose browser asks for a language. */
const reader = (locale: string) => {
  const person = new Visitor(application, 'html');
  person.cookies.set('otp-language', locale);
  person.email = `reads.${locale.toLowerCase()}@example.com`;
  return person;
};
const subjectsTo = ({ email }: Visitor) => application.mailbox.of(email).map(({ subject }) => subject);

describe.each(LOCALES)('every e-mail to a reader of %s is in that language', (locale) => {
  let person: Visitor;
  let english: Visitor;
  beforeAll(() => {
    person = reader(locale);
    english = reader('en');
  });

  it('where they ask for it', async () => {
    await person.post('/sign-up', { email: person.email });
    const token = tokenIn(await application.mailbox.link(person.email));
    mustBe(await person.post('/sign-up/finish', { token, password: PASSWORD }), 'finishing');
    await person.post('/password-reset', { email: person.email });
    const reset = tokenIn(await application.mailbox.link(person.email, 2));
    await person.post('/password-reset/finish', { token: reset, password: `${PASSWORD} again` });
    await application.mailbox.newest(person.email, 3);
    expect(subjectsTo(person)).toEqual(
      ['sign-up', 'password-reset', 'password-changed'].map((mail) => subjectIn(locale, mail)),
    );
  });

  it('where somebody else causes it, who reads English', async () => {
    await english.post('/sign-up', { email: person.email });
    expect((await application.mailbox.newest(person.email, 4)).subject).toBe(
      subjectIn(locale, 'sign-up-taken'),
    );
    await english.post('/sign-in', { email: person.email, password: 'not the password' });
    // The next wrong password is the last that is taken.
    await application.sql.query(
      'UPDATE host_failed_passwords SET failures = 79, blocked_until = clock_timestamp()',
    );
    await english.post('/sign-in', { email: person.email, password: 'not the password' });
    expect((await application.mailbox.newest(person.email, 5)).subject).toBe(subjectIn(locale, 'locked'));
  });

  it('from the next sign-in on, where they read another one then', async () => {
    const other = locale === 'de' ? 'fr' : 'de';
    person.cookies.clear();
    person.cookies.set('otp-language', other);
    await application.sql.query('DELETE FROM host_failed_passwords');
    person.password = `${PASSWORD} again`;
    mustBe(await person.signsIn(), 'signing in');
    await english.post('/sign-up', { email: person.email });
    expect((await application.mailbox.newest(person.email, 6)).subject).toBe(
      subjectIn(other, 'sign-up-taken'),
    );
  });
});
