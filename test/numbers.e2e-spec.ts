import fc from 'fast-check';
import { type CountryCode, getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { startApplication, type TestApplication } from './support/application.js';

type Fields = Record<string, string>;

/** Where the messages of a call went. */
async function destinationsOf(application: TestApplication, call: () => Promise<unknown>): Promise<string[]> {
  const before = application.sandbox.ledger().length;
  await call();
  return application.sandbox
    .ledger()
    .slice(before)
    .map(({ to }) => to);
}

const start = (application: TestApplication, fields: Fields, headers: Fields = {}) =>
  application.client.json('POST', '/request-otp', fields, headers);

describe('without a default country', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  it.each(['479 555 0123', '4795550123', '(659) 555-0123', '457 555 0123', '646-555-0123', '1-415-555-2671'])(
    '%s is sent nowhere, and the refusal asks for the country',
    async (phoneNumber) => {
      for (const channel of ['sms', 'voice']) {
        for (const kind of ['json', 'html'] as const) {
          const fields = { phoneNumber, channel };
          const before = application.sandbox.calls().start;
          const answer = await application.client.as(kind, 'POST', '/request-otp', fields);
          expect([answer.status, application.sandbox.calls().start]).toEqual([422, before]);
          expect(answer.text).toContain('Choose the country of this number, or enter it with +');
        }
      }
      const { body } = await start(application, { phoneNumber });
      expect(body).toMatchObject({
        code: 'invalid-phone-number',
        detail: expect.stringContaining('country') as string,
        errors: [{ field: 'phoneNumber', code: 'country-needed' }],
      });
    },
  );

  it.each([
    [{ phoneNumber: '14155552671' }, '14155552671'],
    [{ phoneNumber: '447400123456' }, '447400123456'],
    [{ phoneNumber: '479 555 0123', country: 'US' }, '14795550123'],
    [{ phoneNumber: '0011 44 7400 123457', country: 'AU' }, '447400123457'],
    [{ phoneNumber: '000 44 7400 123458', country: 'KE' }, '447400123458'],
    [{ phoneNumber: '009 44 7400 123459', country: 'NG' }, '447400123459'],
    [{ phoneNumber: '001 65 9812 3456', country: 'HK' }, '6598123456'],
    [{ phoneNumber: '0014 44 7400 123450', country: 'BR' }, '447400123450'],
    [{ phoneNumber: '0021 44 7400 123451', country: 'BR' }, '447400123451'],
    [{ phoneNumber: '00 44 7400 123452', country: 'US' }, '447400123452'],
    [{ phoneNumber: '+52 1 55 1234 5678' }, '525512345678'],
    [{ phoneNumber: '044 55 1234 5679', country: 'MX' }, '525512345679'],
  ] as const)('%j is sent to %s', async (fields, to) => {
    expect(await destinationsOf(application, () => start(application, fields))).toEqual([to]);
  });

  it.each([
    ['+54 11 2345 6789', 'changed-ar', '+54 9 11 2345 6789'],
    ['+55 11 8765 4321', 'changed-br', 'Brazil'],
    ['+225 07 08 09 10', 'changed-ci', 'Ivory Coast'],
    ['+229 97 12 34 56', 'changed-bj', 'Benin'],
  ])('%s: the refusal says what has changed', async (phoneNumber, code, words) => {
    const { status, body } = await start(application, { phoneNumber });
    expect([status, body['errors']]).toMatchObject([422, [{ code }]]);
    expect(body['detail']).toContain(words);
    const page = await application.client.html('POST', '/request-otp', { phoneNumber });
    expect(page.text).toContain(words);
  });

  it('a landline is offered a call, on the page and without JavaScript', async () => {
    const { client, sandbox } = application;
    const fields = { phoneNumber: '020 7946 0000', country: 'GB' };
    const refused = await client.html('POST', '/request-otp', fields);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('This is a landline');
    expect(refused.text).toMatch(/<button type="submit" name="channel" value="voice"[^>]*>Call this number/);
    expect(refused.text).toContain('value="020 7946 0000"');
    expect(refused.text).toContain('<option value="GB" selected>');
    const called = await client.html('POST', '/request-otp', { ...fields, channel: 'voice' });
    expect(called.status).toBe(200);
    expect(sandbox.ledger('442079460000')).toMatchObject([{ channel: 'voice' }]);
  });

  it('a number that can receive neither is not offered a call', async () => {
    const refused = await application.client.html('POST', '/request-otp', { phoneNumber: '+1 800 555 1234' });
    expect([refused.status, refused.text.includes('Call this number')]).toEqual([422, false]);
  });

  it.each([
    ['en-GB,en;q=0.9', 'GB'],
    ['de-AT,de;q=0.9,en;q=0.8', 'AT'],
    ['fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3', 'FR'],
    ['de,en-US;q=0.7,en;q=0.3', undefined],
    ['es-419', undefined],
    ['zh-Hans-CN', 'CN'],
  ])('the page proposes the country of Accept-Language: %s', async (language, country) => {
    const { client } = application;
    const { text } = await client.html('GET', '/', undefined, { 'Accept-Language': language });
    expect(/<option value="([A-Z]{2})" selected>/.exec(text)?.[1]).toBe(country);
  });

  it('the proposal decides nothing: without a choice the number is refused', async () => {
    const fields = { phoneNumber: '7400 123456', country: '' };
    for (const kind of ['json', 'html'] as const) {
      const headers = { 'Accept-Language': 'en-GB' };
      const answer = await application.client.as(kind, 'POST', '/request-otp', fields, headers);
      expect([answer.status, /<option value="GB" selected>/.test(answer.text)]).toEqual([422, false]);
    }
  });

  it('every example of the hint can be typed exactly as it is shown', async () => {
    const { client } = application;
    for (const language of ['en', 'en-US', 'en-GB', 'de-DE', 'es-AR', 'pt-BR', 'it-IT', 'fr-CI', 'es-MX']) {
      const headers = { 'Accept-Language': language };
      const form = await client.html('GET', '/', undefined, headers);
      const [, hint] = /id="phoneNumber-hint">([^<]*)</.exec(form.text)!;
      const country = /<option value="([A-Z]{2})" selected>/.exec(form.text)?.[1] ?? '';
      const shown: string[] = hint!.match(/[+(]?\d[\d ()/.-]*\d/g) ?? [];
      expect([language, shown.length]).toEqual([language, country ? 2 : 1]);
      const ids = new Set<string>();
      for (const phoneNumber of shown) {
        const answer = await start(application, { phoneNumber, country });
        expect([language, phoneNumber, answer.status]).toEqual([language, phoneNumber, 200]);
        ids.add(answer.body['requestId'] as string);
      }
      expect(ids.size).toBe(1);
    }
  });
});

describe('with DEFAULT_COUNTRY', () => {
  let application: TestApplication;
  beforeAll(async () => {
    application = await startApplication({ DEFAULT_COUNTRY: 'US', RESEND_COOLDOWN_SECONDS: '0' });
  });
  afterAll(() => application.close());

  it.each([
    ['479 555 0123', '14795550123'],
    ['(659) 555-0123', '16595550123'],
    ['646 555 0123', '16465550123'],
    ['1-415-555-2671', '14155552671'],
    ['4155552672', '14155552672'],
    ['14155552673', '14155552673'],
    ['011 44 7400 123456', '447400123456'],
    ['447400123457', '447400123457'],
  ])('%s goes to %s, on the page and in JSON', async (phoneNumber, to) => {
    expect(await destinationsOf(application, () => start(application, { phoneNumber }))).toEqual([to]);
    // The same caller again, on the page: the live request, and no further message.
    const again = () => application.client.html('POST', '/request-otp', { phoneNumber, country: '' });
    expect(await destinationsOf(application, again)).toEqual([]);
  });

  it('digits that are a number of the default country and bare E.164 of another one are refused', async () => {
    const { status, body } = await start(application, { phoneNumber: '4795550124' });
    expect([status, body['errors']]).toMatchObject([422, [{ code: 'country-needed' }]]);
    const chosen = () => start(application, { phoneNumber: '4795550124', country: 'US' });
    expect(await destinationsOf(application, chosen)).toEqual(['14795550124']);
  });

  it('is chosen on the page, whatever the browser’s language', async () => {
    const { text } = await application.client.html('GET', '/', undefined, { 'Accept-Language': 'de-DE' });
    expect(text).toContain('<option value="US" selected>');
    expect(text).toContain('Zum Beispiel (415) 555-2671 oder +1 415 555 2671');
  });

  it('all spellings of a number are one number for the throttle and for the request', async () => {
    const ids = new Set<unknown>();
    for (const phoneNumber of ['415 555 2690', '+1 415 555 2690', '14155552690', '011 1 415 555 2690'])
      ids.add((await start(application, { phoneNumber })).body['requestId']);
    expect(ids.size).toBe(1);
  });
});

describe('generated inputs, asked of the provider’s ledger', () => {
  it('nothing is texted to a country that the person did not name', async () => {
    const application = await startApplication({ PROTECTION: 'off' });
    const countries = getCountries().filter((country) => getExampleNumber(country, examples));
    const wrong: unknown[] = [];
    let sent = 0;
    const typed = (country: CountryCode, spelling: string) => {
      const number = getExampleNumber(country, examples)!;
      if (spelling === 'national') return number.formatNational();
      const international = number.formatInternational();
      return spelling === 'international' ? international : `00 ${international.slice(1)}`;
    };
    const inputs = fc.sample(
      fc.record({
        country: fc.constantFrom(...countries),
        spelling: fc.constantFrom('national', 'national', 'international', '00'),
        chosen: fc.option(fc.constantFrom(...countries), { nil: undefined }),
      }),
      { numRuns: 250, seed: 14 },
    );
    for (const { country, spelling, chosen } of inputs) {
      const phoneNumber = typed(country, spelling);
      const fields = { phoneNumber, ...(chosen ? { country: chosen } : {}) };
      const [to] = await destinationsOf(application, () => start(application, fields));
      if (to === undefined) continue;
      sent += 1;
      const isNamed = spelling !== 'national' && `+${to}` === getExampleNumber(country, examples)!.number;
      const codes = chosen ? getExampleNumber(chosen, examples)!.countryCallingCode : undefined;
      // Without a choice, digits without separators are read as E.164.
      const isBareE164 = chosen === undefined && phoneNumber === to;
      if (!isNamed && !isBareE164 && !(codes && to.startsWith(codes))) wrong.push({ ...fields, to });
    }
    await application.close();
    expect(wrong).toEqual([]);
    expect(sent).toBeGreaterThan(80);
  });
});
