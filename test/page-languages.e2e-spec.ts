import { freshNumber, startApplication, type TestApplication } from './support/application.js';

const LANGUAGE = '/otp-assets/language';

describe('the language of a page', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  const page = (headers: Record<string, string>, path = '/') =>
    application.client.html('GET', path, undefined, headers);
  const choose = (body: Record<string, string>, headers: Record<string, string> = {}) =>
    application.client.html('POST', LANGUAGE, body, headers);

  it.each([
    ['de-AT,de;q=0.9,en;q=0.8', 'de', 'ltr', 'Telefonnummer bestätigen'],
    ['fr-CH', 'fr', 'ltr', 'Vérifiez votre numéro de téléphone'],
    ['es-419,en', 'es', 'ltr', 'Verifica tu número de teléfono'],
    ['pt-PT', 'pt-BR', 'ltr', 'Verifique seu número de telefone'],
    ['ar-EG', 'ar', 'rtl', 'تأكيد رقم هاتفك'],
    ['ja', 'ja', 'ltr', '電話番号の確認'],
    ['zh-CN,zh;q=0.9', 'zh-Hans', 'ltr', '验证您的手机号码'],
    ['zh-TW, ja;q=0.5', 'ja', 'ltr', '電話番号の確認'],
    ['tlh, *', 'en', 'ltr', 'Verify your phone number'],
    ['en-GB, de', 'en', 'ltr', 'Verify your phone number'],
    ['not a language', 'en', 'ltr', 'Verify your phone number'],
  ])('Accept-Language %j is %s', async (header, lang, dir, title) => {
    const { text, headers } = await page({ 'Accept-Language': header });
    expect(text).toContain(`<html lang="${lang}" dir="${dir}">`);
    expect(text).toContain(`<h1>${title}</h1>`);
    expect(headers.get('content-language')).toBe(lang);
  });

  it('is in JSON that of the client too', async () => {
    const { body } = await application.client.json('GET', '/nowhere', undefined, { 'Accept-Language': 'de' });
    expect(body).toMatchObject({ code: 'not-found', title: 'Seite nicht gefunden' });
  });

  it('names the countries, and orders them, in that language', async () => {
    const { text } = await page({ 'Accept-Language': 'de' });
    expect(text).toContain('Deutschland (+49)');
    expect(text.indexOf('Ägypten')).toBeLessThan(text.indexOf('Belgien'));
  });

  it('is the one that was chosen in the menu, whatever the browser says, and leads back to the page', async () => {
    const { text } = await page({ 'Accept-Language': 'de' }, '/sign-in?returnTo=%2Faccount%2Fpayment');
    expect(text).toContain(`action="${LANGUAGE}"`);
    expect(text).toContain(
      '<input type="hidden" name="returnTo" value="/sign-in?returnTo&#x3D;%2Faccount%2Fpayment">',
    );
    expect(text).toContain('<option value="fr" lang="fr">français</option>');

    const chosen = await choose({ language: 'fr', returnTo: '/sign-in?returnTo=%2Faccount%2Fpayment' });
    expect([chosen.status, chosen.headers.get('location')]).toEqual([
      303,
      '/sign-in?returnTo=%2Faccount%2Fpayment',
    ]);
    const cookie = chosen.headers.get('set-cookie')!;
    expect(cookie).toBe('otp-language=fr; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax');
    const after = await page({ 'Accept-Language': 'de', Cookie: cookie.split(';')[0]! }, '/sign-in');
    expect(after.text).toContain('<html lang="fr"');
    expect(after.text).toContain('<option value="fr" lang="fr" selected>');
  });

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', ''])(
    'never leads to %j',
    async (returnTo) => {
      const { status, headers } = await choose({ language: 'fr', returnTo });
      expect([status, headers.get('location')]).toEqual([303, '/']);
    },
  );

  it.each(['tlh', '', 'EN', '../en', 'fr\r\nX: y'])('is none that we do not have: %j', async (language) => {
    const { status, headers } = await choose({ language, returnTo: '/' });
    expect([status, headers.get('set-cookie')]).toEqual([303, null]);
  });

  it('is not chosen by another site', async () => {
    const { status } = await choose({ language: 'fr' }, { 'Sec-Fetch-Site': 'cross-site' });
    expect(status).toBe(403);
  });

  it('a broken cookie is none', async () => {
    const { text } = await page({ 'Accept-Language': 'de', Cookie: 'otp-language=%%%; otp-zone=Mars/Base' });
    expect(text).toContain('<html lang="de"');
  });

  it('is the language of the message too', async () => {
    const phoneNumber = freshNumber();
    const headers = { 'Accept-Language': 'de-AT', Cookie: 'otp-language=es' };
    await application.client.html('POST', '/request-otp', { phoneNumber }, headers);
    expect(application.sandbox.ledger(phoneNumber).at(-1)?.locale).toBe('es-es');
  });
});
