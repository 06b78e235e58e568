import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { settingsOf, Visitor } from './visitor.js';

describe('the forms of the settings', () => {
  let application: TestApplication;
  let person: Visitor;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
    person = await new Visitor(application, 'html').signsUp();
    await person.enrols(freshNumber());
  });
  afterAll(() => application.close());

  const HIDDEN = 'left\u202eright';
  const LONG = 'x'.repeat(41);
  const phoneId = async () => {
    const { text } = await person.get('/two-factor/settings');
    return /phones\/([0-9a-f-]{36})\/label/.exec(text)![1]!;
  };

  it('say at the name what is wrong with it, and keep the number beside it', async () => {
    const fields = { phoneNumber: '+1 415 556 0001', label: HIDDEN };
    const { text } = await person.submitsAndFollows('/two-factor/phones', fields);
    expect(text).toMatch(/<a href="#newLabel">Use visible characters/);
    expect(text).toMatch(/<input id="newLabel"[^>]* aria-invalid="true" aria-describedby="newLabel-error"/);
    expect(text).toMatch(/<input id="phoneNumber"[^>]*value="\+1 415 556 0001"/);
  });

  it('keep the new name of a phone that was refused, at that phone', async () => {
    const id = await phoneId();
    const fields = { phoneId: id, label: LONG };
    const { text } = await person.submitsAndFollows(`/two-factor/phones/${id}/label`, fields);
    expect(text).toContain(`<a href="#label-${id}">Choose a name of at most 40 characters</a>`);
    expect(text).toMatch(
      RegExp(`<details open>[^]*<input id="label-${id}"[^>]* value="${LONG}" aria-invalid="true"`),
    );
    expect(text).not.toMatch(/<input id="newLabel"[^>]* aria-invalid/);
  });

  it('keep the name of a passkey that was refused', async () => {
    const fields = { response: '{}', label: LONG };
    const { text } = await person.submitsAndFollows('/two-factor/passkeys', fields);
    expect(text).toMatch(/<a href="#passkeyLabel">Choose a name of at most 40 characters/);
    expect(text).toMatch(/<input id="passkeyLabel"[^>]* aria-invalid="true"/);
  });

  it('say that other sessions have ended exactly when they have', async () => {
    const words = 'You’ve been signed out everywhere else.';
    const elsewhere = async () => {
      const other = person.elsewhere();
      await other.isSignedIn();
      return other;
    };
    const isIn = async (other: Visitor) => (await other.get('/account')).status === 200;
    const trusting = await elsewhere();
    const untrusted = await person.submitsAndFollows('/two-factor/browsers/revoke', {});
    expect([untrusted.text.includes('Your changes are saved.'), untrusted.text.includes(words)]).toEqual([
      true,
      false,
    ]);
    expect(await isIn(trusting)).toBe(true);
    const id = await phoneId();
    const fields = { phoneId: id, label: 'Work' };
    const renamed = await person.submitsAndFollows(`/two-factor/phones/${id}/label`, fields);
    expect(renamed.text).toContain(words);
    expect(await isIn(trusting)).toBe(false);
    const program = new Visitor(application);
    program.cookies.set('session', person.session!);
    expect((await settingsOf(program)).factors).toMatchObject([{ label: 'Work' }]);
  });
});
