import { freshNumber, startApplication, type TestApplication } from '../support/application.js';
import { codeOf, mustBe, requestIdOf, settingsOf, Visitor } from './visitor.js';

/** A number as Americans write it. */
const nationally = (e164: string) => `(${e164.slice(2, 5)}) ${e164.slice(5, 8)}-${e164.slice(8)}`;

describe('the numbers of the second factor', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ DEFAULT_COUNTRY: 'US', RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const someone = (kind: 'json' | 'html' = 'json') => new Visitor(application, kind).signsUp();

  it.each(['json', 'html'] as const)('a national number is one of DEFAULT_COUNTRY: %s', async (kind) => {
    const person = await someone(kind);
    const number = freshNumber();
    mustBe(await person.post('/two-factor/phones', { phoneNumber: nationally(number) }), 'enrolling');
    expect(application.sandbox.ledger(number)).toHaveLength(1);
  });

  it('a chosen country wins, and what is refused says why', async () => {
    const person = await someone();
    const chosen = { phoneNumber: '07400 123456', country: 'GB' };
    mustBe(await person.post('/two-factor/phones', chosen), 'enrolling');
    expect(application.sandbox.ledger('447400123456')).toHaveLength(1);
    const refused = await person.post('/two-factor/phones', { phoneNumber: '07400 123456' });
    expect([...codeOf(refused), refused.body['errors']]).toMatchObject([
      422,
      'invalid-phone-number',
      [{ field: 'phoneNumber', code: 'country-needed' }],
    ]);
  });

  it('the settings propose the default country, with an example', async () => {
    const person = await someone('html');
    const { text } = await person.get('/two-factor/settings');
    expect(text).toContain('<option value="US" selected>');
    expect(text).toContain('For example (415) 555-2671, or +1 415 555 2671');
  });

  it('a landline is offered a call, is enrolled by it, and is called to sign in', async () => {
    const person = await someone('html');
    const fields = { phoneNumber: '020 7946 0001', country: 'GB', label: 'Office' };
    const refused = await person.post('/two-factor/phones', fields);
    expect(refused.status).toBe(422);
    expect(refused.text).toMatch(/<button type="submit" name="channel" value="voice"[^>]*>Call this number/);
    expect(refused.text).toContain('name="label" value="Office"');
    const started = mustBe(
      await person.post('/two-factor/phones', { ...fields, channel: 'voice' }),
      'calling',
    );
    const otpCode = application.codeFor('442079460001');
    const proof = { requestId: requestIdOf(started), otpCode, label: 'Office' };
    expect((await person.post('/two-factor/phones/verify', proof)).status).toBe(303);

    await application.advanceProvider(600);
    const elsewhere = new Visitor(application);
    elsewhere.email = person.email;
    await elsewhere.signsIn();
    const challenge = mustBe(await elsewhere.post('/two-factor/challenge'), 'the challenge');
    expect(challenge.body).toMatchObject({ channel: 'voice' });
    mustBe(await elsewhere.types(requestIdOf(challenge), application.codeFor('442079460001')), 'the code');
    expect((await settingsOf(elsewhere)).factors).toMatchObject([{ label: 'Office' }]);
  });
});
