import { ApplicationInBrowser } from '../support/application-in-browser.js';
import { inBrowser } from '../support/chromium.js';
import { addReader, readerIn } from '../support/fingerprint-reader.js';
import { PersonInBrowser } from './person-in-browser.js';
import { PASSWORD } from './visitor.js';

inBrowser('passkeys in a real browser', () => {
  const windows = new ApplicationInBrowser();
  let url: string;
  beforeAll(async () => {
    const application = await windows.start();
    // A passkey belongs to a name: there is none for an address.
    url = application.url.replace('127.0.0.1', 'localhost');
  });
  afterEach(() => windows.closeWindow());
  afterAll(() => windows.stop());

  /** Somebody whose computer has a fingerprint reader. */
  async function somebody(options: { javaScriptEnabled?: boolean } = {}) {
    const page = await windows.open(options, `${url}/sign-in`);
    const { devtools, authenticatorId } = await readerIn(page);
    const person = new PersonInBrowser(windows.application, page, url);
    await person.signsUp();
    return { person, devtools, authenticatorId };
  }
  /** Makes everything that was shown in any session older than it is. */
  const makesOld = () =>
    windows.application.sql.query(
      `UPDATE host_sessions
          SET sess = regexp_replace(sess::text, '("completedAt": ?")\\d{4}', '\\12020', 'g')::json`,
    );
  const addsPasskey = async (person: PersonInBrowser) => {
    await person.goes('/two-factor/settings');
    await person.page.locator('#passkeyLabel').fill('My laptop');
    await person.presses('Add a passkey');
    await person.reads('Your changes are saved.');
    await person.reads('My laptop');
  };

  it('is made in the settings, and signs in with one press', async () => {
    const { person } = await somebody();
    await addsPasskey(person);
    await person.signsOut();
    await person.signsIn();
    await person.sees('Confirm it’s you');
    await person.presses('Use your passkey');
    await person.sees('Your account');
    expect(windows.problems).toEqual([]);
  });

  it('confirms a payment', async () => {
    const { person } = await somebody();
    await addsPasskey(person);
    await person.orders('12.00', 'ACME');
    await person.sees('Confirm this action');
    await person.reads('Pay €12.00 to ACME');
    await person.presses('Use your passkey');
    await person.page.waitForURL(/payment/);
  });

  it('is removed, and asked for no more', async () => {
    const { person } = await somebody();
    await addsPasskey(person);
    await person.presses('Remove My laptop');
    await person.sees('Remove this passkey?');
    await person.reads('This is your last sign-in method besides your password.');
    await person.page.getByRole('button', { name: 'Remove', exact: true }).click();
    await person.reads('Your changes are saved.');
    await person.signsOut();
    await person.signsIn();
    await person.sees('Your account');
  });

  it('that is not found says so, and the page goes on working', async () => {
    const { person, devtools, authenticatorId } = await somebody();
    await addsPasskey(person);
    await person.signsOut();
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    await addReader(devtools);
    await person.signsIn();
    await person.presses('Use your passkey');
    await person.reads('We couldn’t use a passkey. Try again, or choose another way.');
    expect(await person.page.getByRole('button', { name: 'Use your passkey' }).isEnabled()).toBe(true);
  });

  it('asks to confirm who it is when a factor was shown too long ago, and leads back to the settings', async () => {
    const { person } = await somebody();
    await person.enrols();
    await makesOld();
    await person.goes('/two-factor/settings');
    await person.presses('Add a passkey');
    await person.sees('Confirm it’s you');
    await person.asksForText();
    await person.types(person.code);
    await person.sees('Two-factor sign-in');
    await addsPasskey(person);
  });

  it('as the first factor asks for the password again when it was entered too long ago', async () => {
    const { person } = await somebody();
    await makesOld();
    await person.goes('/two-factor/settings');
    await person.presses('Add a passkey');
    await person.sees('Sign in');
    await person.reads('Confirm it’s you to change how you sign in');
    await person.fills('Email address', person.email);
    await person.fills('Password', PASSWORD);
    await person.presses('Sign in');
    await person.sees('Two-factor sign-in');
    await addsPasskey(person);
  });

  it('needs JavaScript: without it the page says so and offers nothing that cannot work', async () => {
    const { person } = await somebody({ javaScriptEnabled: false });
    await person.goes('/two-factor/settings');
    await person.reads('You can’t use passkeys in this browser.');
    expect(await person.page.getByRole('button', { name: 'Add a passkey' }).isVisible()).toBe(false);
  });
});
