import { Visitor, requestIdOf } from './host/visitor.js';
import { freshNumber, startApplication, type TestApplication } from './support/application.js';

const languageOf = (application: TestApplication, phoneNumber: string) =>
  application.sandbox.ledger(phoneNumber).at(-1)?.locale;

describe.each(['v2', 'v1'])('the language of a message, Verify %s', (api) => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ VONAGE_VERIFY_API: api, RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  it.each([
    ['de', 'de-de'],
    ['fr', 'fr-fr'],
    ['es', 'es-es'],
    ['en', 'en-us'],
    ['ja', api === 'v1' ? 'ja-jp' : 'en-us'],
    ['zh', api === 'v1' ? 'zh-cn' : 'en-us'],
    ['de-AT', 'de-de'],
    ['fr-CH', 'fr-fr'],
    ['es-419', 'es-mx'],
    ['zh-Hans-CN', api === 'v1' ? 'zh-cn' : 'en-us'],
    ['en_US', 'en-us'],
    ['tlh', 'en-us'],
    ['', 'en-us'],
    ['not a language', 'en-us'],
  ])('locale %j is no refusal: %s', async (locale, expected) => {
    for (const kind of ['json', 'html'] as const) {
      const phoneNumber = freshNumber();
      const answer = await application.client.as(kind, 'POST', '/request-otp', { phoneNumber, locale });
      expect([answer.status, languageOf(application, phoneNumber)]).toEqual([200, expected]);
    }
  });

  it('is the browser’s on the page, and in JSON without a locale', async () => {
    for (const kind of ['json', 'html'] as const) {
      const phoneNumber = freshNumber();
      const headers = { 'Accept-Language': 'fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5' };
      await application.client.as(kind, 'POST', '/request-otp', { phoneNumber }, headers);
      expect([kind, languageOf(application, phoneNumber)]).toEqual([kind, 'fr-fr']);
    }
  });

  it('is that of the number’s country without either', async () => {
    const { client } = application;
    await client.json(
      'POST',
      '/request-otp',
      { phoneNumber: '+49 1512 3456789' },
      { 'Accept-Language': '*' },
    );
    expect(languageOf(application, '4915123456789')).toBe('de-de');
  });

  it('stays the same for a further message, by text or call', async () => {
    const phoneNumber = freshNumber();
    const started = await application.client.json('POST', '/request-otp', { phoneNumber, locale: 'it' });
    await application.advanceProvider(40);
    const requestId = requestIdOf(started);
    const resent = await application.client.json('POST', '/resend-otp', { requestId, channel: 'voice' });
    expect([resent.status, languageOf(application, phoneNumber)]).toEqual([200, 'it-it']);
  });
});

describe('the second factor', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  it.each(['json', 'html'] as const)(
    'enrolment and challenge pass on the language of the browser: %s',
    async (kind) => {
      const person = await new Visitor(application, kind).signsUp();
      const phoneNumber = freshNumber();
      const german = { 'Accept-Language': 'de-AT,de;q=0.9' };
      const started = await person.post('/two-factor/phones', { phoneNumber }, german);
      expect(languageOf(application, phoneNumber)).toBe('de-de');
      const proof = { requestId: requestIdOf(started), otpCode: application.codeFor(phoneNumber) };
      await person.post('/two-factor/phones/verify', proof);

      await application.advanceProvider(600);
      const elsewhere = person.elsewhere();
      await elsewhere.signsIn();
      const challenged = await elsewhere.post('/two-factor/challenge', {}, { 'Accept-Language': 'pt-BR' });
      expect([challenged.status, languageOf(application, phoneNumber)]).toEqual([200, 'pt-br']);
    },
  );
});
