import { freshNumber, wrongCode } from '../support/application.js';
import { inBrowser, Inspection } from '../support/chromium.js';
import { appCode, PeopleInBrowsers, type PersonInBrowser } from './person-in-browser.js';

// Some twenty pages each, and four looks at each take a while.
jest.setTimeout(300_000);

inBrowser('the pages of accounts and factors', () => {
  const people = new PeopleInBrowsers();
  beforeAll(() => people.start());
  afterEach(() => people.closeWindow());
  afterAll(() => people.stop());

  describe('in light, dark and forced colours, and at 320 px', () => {
    let person: PersonInBrowser;
    let inspection: Inspection;
    beforeEach(async () => {
      person = await people.somebody();
      inspection = new Inspection(person.page);
    });
    afterEach(() => {
      expect(inspection.faulty).toEqual([]);
      expect(people.problems).toEqual([]);
    });
    const look = (name: string) => inspection.look(name);
    const lookAtError = async (name: string) => {
      await person.page.getByRole('alert').waitFor();
      // The summary has the focus, as soon as the page has run its script.
      await person.page.waitForFunction(`document.activeElement?.id === 'summary'`);
      for (const link of await person.page.getByRole('alert').getByRole('link').all())
        expect(await person.page.locator((await link.getAttribute('href'))!).count()).toBe(1);
      await look(name);
    };

    it('axe finds nothing on the pages of the account, and nothing scrolls sideways', async () => {
      await look('sign-in');
      await person.goes('/components');
      await look('components');
      await person.goes('/sign-in');
      await person.presses('Sign in');
      await lookAtError('sign-in with an error');
      await person.goes('/sign-up');
      await look('sign-up');
      await person.presses('Send link');
      await lookAtError('sign-up with an error');
      await person.goes('/password-reset');
      await look('password reset');
      await person.goes('/sign-up/finish?token=none');
      await lookAtError('a link that does not work');
      await person.signsUp();
      await look('account with one factor');
      await person.goes('/account/sessions');
      await look('sessions');
      await person.goes('/account/password');
      await look('change of password');
      await person.presses('Change password');
      await lookAtError('change of password with errors');
      await person.goes('/two-factor');
      await look('no second factor');
      await person.goes('/two-factor?returnTo=a&returnTo=b');
      await lookAtError('a malformed address');
      await person.goes('/account/users');
      await look('a page for others');
      await person.enrols();
      await person.orders('forty', 'W'.repeat(60));
      await lookAtError('payment with an error');
      await person.orders('1234567.00', 'W'.repeat(60));
      await person.sees('Confirm this action');
      await look('payment to be confirmed');
      await person.asksToConfirm();
      await look('code for a payment');
      await person.types(person.code);
      await person.sees('Make a payment');
      await look('payment that is confirmed');
      await person.presses('Pay');
      await person.reads('Paid €1,234,567.00');
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
      await person.showsApp(wrongCode(await appCode(secret)));
      await lookAtError('authenticator app with an error');
      // Looking takes longer than a code is shown.
      await person.showsApp(await appCode(secret));
      await person.sees('Two-factor sign-in');
      await person.goes('/two-factor/recovery-codes');
      await person.sees('Recovery codes');
      await look('recovery codes to be made');
      const [recoveryCode] = await person.makesRecoveryCodes();
      await look('recovery codes');

      await person.signsOut();
      await person.signsIn();
      await person.sees('Confirm it’s you');
      await look('choice of factors');
      await person.showsApp(wrongCode(await appCode(secret)));
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
