import { freshNumber, wrongCode } from '../support/application.js';
import { inBrowser, SCRIPTING } from '../support/chromium.js';
import { appCode, PeopleInBrowsers, type PersonInBrowser } from './person-in-browser.js';
import { PASSWORD } from './visitor.js';

inBrowser('two-factor sign-in in a real browser', () => {
  const people = new PeopleInBrowsers();
  beforeAll(() => people.start());
  afterEach(() => people.closeWindow());
  afterAll(() => people.stop());

  describe.each(SCRIPTING)('%s', (_name, javaScriptEnabled) => {
    afterEach(() => expect(people.problems).toEqual([]));

    const enrolled = async () => {
      const person = await people.somebody({ javaScriptEnabled });
      await person.signsUp();
      await person.enrols();
      return person;
    };
    const isAskedAgain = async (person: PersonInBrowser) => {
      await person.signsOut();
      await person.signsIn();
      await person.sees('Confirm it’s you');
    };

    it('someone adds a phone, and signs in with it after a mistake', async () => {
      const person = await enrolled();
      await person.reads('Your changes are saved.');
      await isAskedAgain(person);
      await person.reads(`+1 ••• ••• ••${person.phoneNumber.slice(-2)}`);
      await person.asksForText();
      await person.types(wrongCode(person.code));
      await person.reads('That code isn’t right. You have 2 tries left.');
      expect(await person.page.title()).toBe('Error: Enter your code · MyApp');
      await person.types(person.code);
      await person.sees('Your account');
      await person.reads('You signed in with: password and code by text or call');
    });

    it('a trusted browser is not asked again, until it is trusted no more', async () => {
      const person = await enrolled();
      await isAskedAgain(person);
      await person.asksForText();
      await person.page.getByLabel('Don’t ask in this browser for 30 days').check();
      await person.types(wrongCode(person.code));
      await person.reads('That code isn’t right.');
      await person.types(person.code);
      await person.sees('Your account');
      const cookies = await person.page.context().cookies();
      expect(cookies.find(({ name }) => name === '__Host-trusted-browser')).toMatchObject({
        secure: true,
        httpOnly: true,
        path: '/',
      });

      await person.signsOut();
      await person.signsIn();
      await person.sees('Your account');

      await person.goes('/two-factor/settings');
      await person.presses('Remove Chrome');
      await person.sees('Confirm it’s you');
      await person.asksForText();
      await person.types(person.code);
      await person.sees('Remove this trusted browser?');
      await person.reads('Chrome');
      await person.presses('Remove');
      // This session came in through that trust, so it ends with it.
      await person.sees('Sign in');
      await person.signsIn();
      await person.sees('Confirm it’s you');
    });

    it('without the phone a recovery code opens the settings, once', async () => {
      const person = await enrolled();
      const codes = await person.makesRecoveryCodes();
      expect(new Set(codes).size).toBe(10);
      await person.page.emulateMedia({ media: 'print' });
      const printed = await person.page.locator('main').innerText();
      const words = printed.split(/\s+/);
      expect(words).toEqual(
        expect.arrayContaining([...codes, new URL(people.application.url).host].map(expect.stringContaining)),
      );
      expect(printed).toContain(String(new Date().getFullYear()));
      expect(printed).not.toContain('Print');
      await person.page.emulateMedia({ media: 'screen' });
      const file = await person.page
        .getByRole('link', { name: 'Download as a text file' })
        .getAttribute('href');
      for (const code of codes) expect(decodeURIComponent(file!)).toContain(code);
      await isAskedAgain(person);
      await person.showsRecoveryCode('aaaaa-aaaaa-aaaa');
      await person.reads('That code isn’t right. Check it and try again.');
      await person.fills('Recovery code', codes[0]!.toUpperCase());
      await person.presses('Continue');
      await person.sees('Two-factor sign-in');
      await person.reads('You signed in with a recovery code. Remove any phone you’ve lost');
      await person.reads('You have 9 unused recovery codes.');

      await isAskedAgain(person);
      await person.showsRecoveryCode(codes[0]!);
      await person.reads('That code isn’t right. Check it and try again.');
    });

    it('someone sets up an authenticator app, and signs in with it', async () => {
      const person = await people.somebody({ javaScriptEnabled });
      await person.signsUp();
      const secret = await person.beginsAnApp();
      const now = await appCode(secret);
      await person.showsApp(wrongCode(now));
      await person.reads('That code isn’t right. Check it and try again.');
      await person.showsApp(now);
      await person.sees('Recovery codes');
      await isAskedAgain(person);
      await person.showsApp(now);
      await person.reads('wait for the next code in your app.');
      await person.showsApp(await appCode(secret, 1));
      await person.sees('Your account');
      await person.reads('You signed in with: password and authenticator app');
    });

    it('a wait for one factor leaves the others', async () => {
      const person = await enrolled();
      const secret = await person.beginsAnApp();
      await person.showsApp(await appCode(secret));
      await person.reads('Your changes are saved.');
      await isAskedAgain(person);
      const wrong = wrongCode(await appCode(secret));
      await person.showsApp(wrong);
      await person.reads('That code isn’t right.');
      await people.application.sql.query(
        `UPDATE otp_factor_attempts SET wait_until = now() + interval '1 hour'`,
      );
      await person.showsApp(wrongCode(wrong));
      await person.reads('Too many attempts');
      const verify = person.page.getByRole('button', { name: 'Verify' });
      expect(await verify.isDisabled()).toBe(javaScriptEnabled);
      await people.application.advanceProvider(60);
      await person.asksForText();
      await person.types(person.code);
      await person.sees('Your account');
    });

    it('a payment is confirmed by a code for just that payment', async () => {
      const person = await enrolled();
      await person.orders('40.00', 'ACME');
      await person.sees('Confirm this action');
      await person.reads('Pay €40.00 to ACME');
      await person.asksToConfirm();
      await person.reads('Pay €40.00 to ACME');
      await person.types(wrongCode(person.code));
      await person.reads('That code isn’t right. You have 2 tries left.');
      await person.reads('Pay €40.00 to ACME');
      await person.types(person.code);

      await person.sees('Payment complete');
      await person.reads('Paid €40.00 to ACME.');
    });

    it('a code page that is loaded again by its address is the same page', async () => {
      const person = await enrolled();
      const requestId = () => person.page.locator('input[name=requestId]').first().inputValue();
      await person.orders('40.00', 'ACME');
      await person.sees('Confirm this action');
      const { pathname } = new URL(person.page.url());
      await person.asksToConfirm();
      await person.goes(`${pathname}/challenge/${await requestId()}?returnTo=/account/users`);
      await person.reads('Pay €40.00 to ACME');
      await person.types(person.code);
      await person.sees('Payment complete');

      const other = freshNumber();
      await person.goes('/two-factor/settings');
      await person.fills('Add a phone number', other);
      await person.presses('Send code');
      await person.goes(`/two-factor/phones/verify?requestId=${await requestId()}&label=Work`);
      await person.types(people.application.codeFor(other));
      await person.reads(`Work +1 ••• ••• ••${other.slice(-2)}`);
    });

    it('someone changes the password, forgets it, and gets another one by e-mail', async () => {
      const person = await people.somebody({ javaScriptEnabled });
      const { mailbox } = people.application;
      await person.signsUp();
      await person.follows('Change password');
      await person.fills('Current password', PASSWORD);
      await person.fills('New password', 'password1234');
      await person.presses('Change password');
      await person.reads('This password is in lists of stolen passwords.');
      await person.fills('Current password', PASSWORD);
      await person.fills('New password', 'quite another password');
      await person.presses('Change password');
      await person.reads('Your password has been changed. You’ve been signed out everywhere else.');
      await person.follows('Back to account');
      await person.signsOut();

      await person.follows('Forgot your password?');
      await person.fills('Email address', person.email);
      await person.presses('Send link');
      await person.sees('Check your email');
      const link = await mailbox.link(person.email, 3);
      await person.goes(link);
      await person.fills('New password', PASSWORD);
      await person.presses('Change password');
      await person.reads('Your password has been changed. Sign in with the new one.');
      await person.goes(link);
      await person.reads('This link has expired or was already used.');
      await person.signsIn();
      await person.sees('Your account');
    });

    it('leads on to where the person was going, however long the way is', async () => {
      const person = await enrolled();
      await person.signsOut();
      await person.goes(
        `/account/payment?amount=40.00&recipient=${encodeURIComponent('Ännchen '.repeat(7))}`,
      );
      await person.fills('Email address', person.email);
      await person.fills('Password', 'not the password');
      await person.presses('Sign in');
      await person.reads('Incorrect email or password.');
      await person.fills('Password', PASSWORD);
      await person.presses('Sign in');
      await person.asksForText();
      await person.types(person.code);
      await person.sees('Make a payment');
      expect(await person.page.getByLabel('Recipient').inputValue()).toBe('Ännchen '.repeat(7));
    });
  });
});
