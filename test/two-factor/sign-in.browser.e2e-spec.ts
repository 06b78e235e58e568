import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { freshNumber, startApplication, type TestApplication, wrongCode } from '../support/application.js';
import { inBrowser, Inspection, launchChromium, LOOKS, openWindow, SCRIPTING } from '../support/chromium.js';
import { appCode, PersonInBrowser } from '../support/person-in-browser.js';
import { PASSWORD } from '../support/visitor.js';

inBrowser('two-factor sign-in in a real browser', () => {
  let application: TestApplication;
  let browser: Browser;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await application?.close();
  });

  let context: BrowserContext;
  let problems: string[];
  afterEach(() => context?.close());

  async function somebody(options: BrowserContextOptions = {}): Promise<PersonInBrowser> {
    const window = await openWindow(browser, `${application.url}/sign-in`, options);
    ({ context, problems } = window);
    return new PersonInBrowser(application, window.page);
  }

  describe.each(SCRIPTING)('%s', (_name, javaScriptEnabled) => {
    afterEach(() => expect(problems).toEqual([]));

    const enrolled = async () => {
      const person = await somebody({ javaScriptEnabled });
      await person.signsUp();
      await person.enrols();
      return person;
    };
    const isAskedAgain = async (person: PersonInBrowser) => {
      await person.signsOut();
      await person.signsIn();
      await person.sees('Confirm that it is you');
    };

    it('someone adds a phone, and signs in with it after a mistake', async () => {
      const person = await enrolled();
      await person.reads('Your change is saved.');
      await isAskedAgain(person);
      await person.reads(`+1 ••• ••• ••${person.phoneNumber.slice(-2)}`);
      await person.asksForText();
      await person.types(wrongCode(person.code));
      await person.reads('That code is not right. You have 2 tries left.');
      expect(await person.page.title()).toBe('Error: Enter your code');
      await person.types(person.code);
      await person.sees('Your account');
      await person.reads('pwd, sms, mfa');
    });

    it('a trusted browser is not asked again, until it is trusted no more', async () => {
      const person = await enrolled();
      await isAskedAgain(person);
      await person.asksForText();
      await person.page.getByLabel('Don’t ask in this browser for 30 days').check();
      await person.types(wrongCode(person.code));
      await person.reads('That code is not right.');
      await person.types(person.code);
      await person.sees('Your account');
      const cookies = await context.cookies();
      expect(cookies.find(({ name }) => name === '__Host-trusted-browser')).toMatchObject({
        secure: true,
        httpOnly: true,
        path: '/',
      });

      await person.signsOut();
      await person.signsIn();
      await person.sees('Your account');

      await person.goes('/two-factor/settings');
      await person.presses('Stop trusting');
      await person.sees('Confirm that it is you');
      await person.asksForText();
      await person.types(person.code);
      await person.presses('Stop trusting Chrome');
      await person.reads('Your change is saved.');
      await isAskedAgain(person);
    });

    it('without the phone a recovery code opens the settings, once', async () => {
      const person = await enrolled();
      const codes = await person.makesRecoveryCodes();
      expect(new Set(codes).size).toBe(10);
      await person.page.emulateMedia({ media: 'print' });
      const printed = await person.page.locator('main').innerText();
      expect(printed.split(/\s+/).filter(Boolean)).toEqual(codes);
      await person.page.emulateMedia({ media: 'screen' });
      await isAskedAgain(person);
      await person.showsRecoveryCode('aaaaa-aaaaa-aaaa');
      await person.reads('That code is not right. Check it and try again.');
      await person.fills('Recovery code', codes[0]!.toUpperCase());
      await person.presses('Use this code');
      await person.sees('Two-factor sign-in');
      await person.reads('You used a recovery code. Check your phones');
      await person.reads('You have 9 unused recovery codes.');

      await isAskedAgain(person);
      await person.showsRecoveryCode(codes[0]!);
      await person.reads('That code is not right. Check it and try again.');
    });

    it('someone sets up an authenticator app, and signs in with it', async () => {
      const person = await somebody({ javaScriptEnabled });
      await person.signsUp();
      const secret = await person.beginsAnApp();
      const now = await appCode(secret);
      await person.showsApp(wrongCode(now));
      await person.reads('That code is not right. Check it and try again.');
      await person.showsApp(now);
      await person.sees('Two-factor sign-in');
      await isAskedAgain(person);
      await person.showsApp(now);
      await person.reads('That code is not right. Check it and try again.');
      await person.showsApp(await appCode(secret, 1));
      await person.sees('Your account');
      await person.reads('pwd, otp, mfa');
    });

    it('a payment is confirmed by a code for just that payment', async () => {
      const person = await enrolled();
      await person.orders('40.00', 'ACME');
      await person.sees('Confirm this');
      await person.reads('Pay 40.00 EUR to ACME');
      await person.asksToConfirm();
      await person.reads('Pay 40.00 EUR to ACME');
      await person.types(wrongCode(person.code));
      await person.reads('That code is not right. You have 2 tries left.');
      await person.reads('Pay 40.00 EUR to ACME');
      await person.types(person.code);

      await person.sees('Make a payment');
      await person.reads('You have confirmed this payment.');
      expect(await person.page.getByLabel('Amount in EUR').inputValue()).toBe('40.00');
      expect(await person.page.getByLabel('Recipient').inputValue()).toBe('ACME');
      await person.presses('Pay');
      await person.reads('Paid 40.00 EUR to ACME.');
      expect(await person.page.getByLabel('Amount in EUR').inputValue()).toBe('');
    });

    it('leads on to where the person was going, however long the way is', async () => {
      const person = await enrolled();
      await person.signsOut();
      await person.goes(
        `/account/payment?amount=40.00&recipient=${encodeURIComponent('Ännchen '.repeat(7))}`,
      );
      await person.fills('E-mail address', person.email);
      await person.fills('Password', 'not the password');
      await person.presses('Sign in');
      await person.reads('E-mail address or password is not right.');
      await person.fills('Password', PASSWORD);
      await person.presses('Sign in');
      await person.asksForText();
      await person.types(person.code);
      await person.sees('Make a payment');
      expect(await person.page.getByLabel('Recipient').inputValue()).toBe('Ännchen '.repeat(7));
    });
  });

  describe.each(LOOKS)('%s', (_name, options) => {
    let person: PersonInBrowser;
    let inspection: Inspection;
    beforeEach(async () => {
      person = await somebody(options);
      inspection = new Inspection(person.page);
    });
    afterEach(() => {
      expect(inspection.faulty).toEqual([]);
      expect(problems).toEqual([]);
    });
    const look = (name: string) => inspection.look(name);
    const lookAtError = async (name: string) => {
      await person.page.getByRole('alert').waitFor();
      expect(await person.page.evaluate('document.activeElement.id')).toBe('summary');
      for (const link of await person.page.getByRole('alert').getByRole('link').all())
        expect(await person.page.locator((await link.getAttribute('href'))!).count()).toBe(1);
      await look(name);
    };

    it('axe finds nothing on the pages of the account, and nothing scrolls sideways', async () => {
      await look('sign-in');
      await person.presses('Sign in');
      await lookAtError('sign-in with an error');
      await person.goes('/sign-up');
      await look('sign-up');
      await person.presses('Make an account');
      await lookAtError('sign-up with errors');
      await person.signsUp();
      await look('account with one factor');
      await person.goes('/two-factor');
      await look('no second factor');
      await person.goes('/account/users');
      await look('a page for others');
      await person.enrols();
      await person.orders('forty', 'W'.repeat(60));
      await lookAtError('payment with an error');
      await person.orders('1234567.00', 'W'.repeat(60));
      await person.sees('Confirm this');
      await look('payment to be confirmed');
      await person.asksToConfirm();
      await look('code for a payment');
      await person.types(person.code);
      await person.sees('Make a payment');
      await look('payment that is confirmed');
      await person.presses('Pay');
      await person.reads('Paid 1234567.00 EUR');
      await look('payment made');
      await person.goes('/two-factor/step-up/0');
      await lookAtError('nothing to confirm');
    });

    it('axe finds nothing on the pages of the factors, and nothing scrolls sideways', async () => {
      await person.signsUp();
      await person.goes('/two-factor/settings');
      await look('settings without factors');
      await person.fills('Add a phone number', '12');
      await person.presses('Send code');
      await lookAtError('a number that is none');
      await person.enrols();
      const preferred = person.phoneNumber;
      await person.enrols(freshNumber(), 'W'.repeat(40));
      person.phoneNumber = preferred;
      const secret = await person.beginsAnApp();
      await look('authenticator app');
      const now = await appCode(secret);
      await person.showsApp(wrongCode(now));
      await lookAtError('authenticator app with an error');
      await person.showsApp(now);
      await person.sees('Two-factor sign-in');
      const [recoveryCode] = await person.makesRecoveryCodes();
      await look('recovery codes');

      await person.signsOut();
      await person.signsIn();
      await person.sees('Confirm that it is you');
      await look('choice of factors');
      await person.showsApp(wrongCode(now));
      await lookAtError('choice of factors with an error');
      await person.showsRecoveryCode('wrong');
      await lookAtError('choice of factors with a wrong recovery code');
      await person.asksForText();
      await look('code page');
      await person.types('');
      await lookAtError('code page with an error');
      await person.page.getByLabel('Don’t ask in this browser').check();
      await person.types(person.code);
      await person.sees('Your account');

      await person.signsOut();
      await person.signsIn();
      await person.goes('/two-factor');
      await person.showsRecoveryCode(recoveryCode!);
      await person.sees('Two-factor sign-in');
      for (const details of await person.page.locator('summary').all()) await details.click();
      await look('settings with everything');
      const names = await person.page
        .getByRole('button')
        .evaluateAll((buttons) => buttons.map(({ textContent }) => textContent));
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    });
  });
});
